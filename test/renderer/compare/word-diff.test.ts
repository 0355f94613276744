import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareWords,
  describeDifference,
  firstAnswerWords,
  wordsOf,
} from '../../../src/renderer/src/views/compare/panes/word-diff.ts';

const kinds = (first: string, other: string): [string, string][] =>
  compareWords(first, other).words.map(({ text, kind }) => [text.trim(), kind]);

describe('words of an answer', () => {
  it('keep their white space and join to the text', () => {
    expect(wordsOf('  A red\ncircle.')).toEqual(['A ', 'red\n', 'circle', '.']);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(wordsOf(text).join('')).toBe(text.trimStart());
      }),
    );
  });

  it('are found in languages without spaces', () => {
    expect(wordsOf('红色圆形').length).toBeGreaterThan(1);
  });
});

describe('words that differ', () => {
  it('are none where the answers are the same, whatever their white space', () => {
    const { words, changed } = compareWords('a red  circle', 'a red circle\n');
    expect(words.every(({ kind }) => kind === 'same')).toBe(true);
    expect(changed).toBe(0);
  });

  it('are marked where one is replaced, and count once', () => {
    expect(kinds('The shape is red.', 'The shape is blue.')).toEqual([
      ['The', 'same'],
      ['shape', 'same'],
      ['is', 'same'],
      ['blue', 'different'],
      ['.', 'same'],
    ]);
    expect(compareWords('The shape is red.', 'The shape is blue.').changed).toBe(1);
  });

  it('leave a gap where words are missing', () => {
    expect(kinds('a big red circle', 'a circle')).toEqual([
      ['a', 'same'],
      ['big red', 'missing'],
      ['circle', 'same'],
    ]);
    expect(compareWords('a big red circle', 'a circle').changed).toBe(2);
  });

  it('count the longer side of a replacement', () => {
    expect(compareWords('red', 'dark blue green').changed).toBe(3);
    expect(compareWords('', 'two words').changed).toBe(2);
  });

  it('tell case and punctuation apart', () => {
    expect(compareWords('Yes.', 'yes').changed).toBe(2);
  });

  it('of any two answers: the second is what is not missing, and changed is 0 exactly for equal words', () => {
    const answer = fc
      .array(fc.constantFrom('red', 'blue', 'a', 'circle', '.'), { maxLength: 12 })
      .map((w) => w.join(' '));
    fc.assert(
      fc.property(answer, answer, (first, other) => {
        const { words, keepsFirst, changed } = compareWords(first, other);
        const own = words.filter(({ kind }) => kind !== 'missing');
        expect(own.map(({ text }) => text.trim())).toEqual(wordsOf(other).map((word) => word.trim()));
        expect(keepsFirst).toHaveLength(wordsOf(first).length);
        expect(own.filter(({ kind }) => kind === 'same')).toHaveLength(keepsFirst.filter(Boolean).length);
        expect(changed === 0).toBe(first === other);
      }),
    );
  });

  it('of very unlike answers are all', () => {
    const first = Array.from({ length: 900 }, (_, i) => `a${i}`).join(' ');
    const other = Array.from({ length: 600 }, (_, i) => `b${i}`).join(' ');
    expect(compareWords(first, other).changed).toBe(900);
    expect(compareWords(first, other).words).toHaveLength(600);
  });
});

it('marks what any other answer lacks in the first one', () => {
  const first = 'a red circle';
  const comparisons = [compareWords(first, 'a blue circle'), compareWords(first, 'a red square')];
  expect(firstAnswerWords(first, comparisons).map(({ kind }) => kind)).toEqual(['same', 'different', 'different']);
  expect(firstAnswerWords(first, []).map(({ kind }) => kind)).toEqual(['same', 'same', 'same']);
});

it('says how many words differ', () => {
  expect(describeDifference(compareWords('x', 'x'))).toBe('same words');
  expect(describeDifference(compareWords('x', 'y'))).toBe('1 word differs');
  expect(describeDifference(compareWords('x y', 'v w'))).toBe('2 words differ');
});
