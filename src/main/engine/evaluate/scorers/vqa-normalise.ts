/**
 * How answers are made comparable in VQA's official evaluation: `vqaEval.py` of the VQA tools by Antol et al.
 * (processPunctuation, processDigitArticle), and TextVQA's and VizWiz's after it.
 */
import { CONTRACTIONS } from './contractions.ts';

const PUNCTUATION = [
  ';',
  '/',
  '[',
  ']',
  '"',
  '{',
  '}',
  '(',
  ')',
  '=',
  '+',
  '\\',
  '_',
  '-',
  '>',
  '<',
  '@',
  '`',
  ',',
  '?',
  '!',
];
const COMMA_IN_NUMBER = /\d,\d/;
/** A full stop that begins no decimals. */
const FULL_STOP = /\.(?!\d)/g;
/** The published rule hands a flag over where a count belongs: so many full stops are taken out, and no more. */
const MOST_FULL_STOPS = 32;
const ARTICLES = new Set(['a', 'an', 'the']);
const NUMBERS: ReadonlyMap<string, string> = new Map(
  ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'].map((word, number) => [
    word,
    String(number),
  ]),
);

/** Line breaks and tabs as spaces, none at the ends. */
export const singleLine = (text: string): string => text.replace(/[\n\t]/g, ' ').trim();

/**
 * Takes punctuation out where it stands at a space (or a number has a comma), and puts a space for it elsewhere. It looks
 * at the text as it was given for every sign.
 */
export function processPunctuation(text: string): string {
  const hasNumberComma = COMMA_IN_NUMBER.test(text);
  let result = text;
  for (const sign of PUNCTUATION) {
    const isAtSpace = text.includes(`${sign} `) || text.includes(` ${sign}`);
    result = result.replaceAll(sign, isAtSpace || hasNumberComma ? '' : ' ');
  }
  let stops = 0;
  return result.replace(FULL_STOP, (stop) => (stops++ < MOST_FULL_STOPS ? '' : stop));
}

/** Lower case, number words as digits (and `none` as 0), no articles, apostrophes where they belong. */
export function processDigitArticle(text: string): string {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => (word === 'none' ? '0' : (NUMBERS.get(word) ?? word)))
    .filter((word) => !ARTICLES.has(word))
    .map((word) => CONTRACTIONS.get(word) ?? word)
    .join(' ');
}

export const normaliseVqa = (text: string): string => processDigitArticle(processPunctuation(singleLine(text)));
