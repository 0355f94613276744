/** Which words of two answers differ. Pure. */
import { diffArrays } from 'diff';

/** A piece of an answer: a word with the white space behind it, or a place where words of the other answer are missing. */
export interface AnswerWord {
  readonly text: string;
  /** `missing`: `text` is what the other answer says here and this one does not. */
  readonly kind: 'same' | 'different' | 'missing';
}

/** A comparison of an answer with the first pane's. */
export interface WordDifference {
  /** The answer's own words, and gaps. */
  readonly words: readonly AnswerWord[];
  /** For each word of the first answer, whether it stands in this one too. */
  readonly keepsFirst: readonly boolean[];
  /** Words replaced, added or left out; a word replaced by another counts once. */
  readonly changed: number;
}

/** Beyond this many changes a comparison says nothing to a reader and takes long: everything is marked then. */
const MOST_CHANGES = 500;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });
const isSpace = (text: string): boolean => text.trim() === '';

/**
 * A text in words, punctuation marks each their own, every one with the white space behind it; joined they are the text
 * without the white space it begins with. Languages without spaces are split by the browser's dictionaries.
 */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const { segment } of segmenter.segment(text.trimStart())) {
    words.push(isSpace(segment) ? `${words.pop() ?? ''}${segment}` : segment);
  }
  return words;
}

const asDifferent = (text: string): AnswerWord => ({ text, kind: 'different' });

/**
 * Compares two answers word by word. White space does not count, upper and lower case do.
 *
 * @param first the answer that is compared with
 */
export function compareWords(first: string, other: string): WordDifference {
  const [before, after] = [wordsOf(first), wordsOf(other)];
  const comparator = (a: string, b: string): boolean => a.trim() === b.trim();
  const changes = diffArrays(before, after, { comparator, maxEditLength: MOST_CHANGES });
  if (!changes) {
    return {
      words: after.map(asDifferent),
      keepsFirst: before.map(() => false),
      changed: Math.max(before.length, after.length),
    };
  }
  const words: AnswerWord[] = [];
  const keepsFirst: boolean[] = [];
  let changed = 0;
  for (const [i, { value, added, removed }] of changes.entries()) {
    if (added) words.push(...value.map(asDifferent));
    else if (!removed) words.push(...value.map((text): AnswerWord => ({ text, kind: 'same' })));
    if (!added) keepsFirst.push(...value.map(() => !removed));
    // The library tells a replacement as a removal and an addition right behind it.
    const isReplaced = removed && changes[i + 1]?.added === true;
    if (removed && !isReplaced) words.push({ text: value.join('').trim(), kind: 'missing' });
    if (removed) changed += Math.max(value.length, isReplaced ? (changes[i + 1]?.value.length ?? 0) : 0);
    else if (added && changes[i - 1]?.removed !== true) changed += value.length;
  }
  return { words, keepsFirst, changed };
}

/** The first answer's words; different are those that at least one other answer does not have. */
export function firstAnswerWords(first: string, comparisons: readonly WordDifference[]): AnswerWord[] {
  return wordsOf(first).map((text, i) => ({
    text,
    kind: comparisons.every(({ keepsFirst }) => keepsFirst[i] === true) ? 'same' : 'different',
  }));
}

/** `same words`, `1 word differs`, `12 words differ`. */
export function describeDifference({ changed }: WordDifference): string {
  if (changed === 0) return 'same words';
  return changed === 1 ? '1 word differs' : `${changed} words differ`;
}
