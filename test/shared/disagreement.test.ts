import { describe, expect, it } from 'vitest';
import {
  comparedSettings,
  countByFilter,
  isShown,
  mcnemarProbability,
  pairedChanges,
  type BatchFilter,
} from '../../src/shared/disagreement.ts';

const SETTINGS = ['1/8', 'none', '1/2'];
const row = (answers: string, correct: string) => ({
  answers: answers.split(' '),
  correct: correct.split('').map((mark) => mark === '+'),
});
const ROWS = {
  agreed: row('red red red', '+++'),
  lost: row('blue red red', '-++'),
  gained: row('red blue blue', '+--'),
  wrongTwice: row('blue green green', '---'),
  both: row('blue red green', '-+-'),
};
const shown = (filter: BatchFilter, only?: string): string[] =>
  Object.entries(ROWS)
    .filter(([, answers]) => isShown(answers, filter, comparedSettings(SETTINGS, only)))
    .map(([name]) => name);

describe('questions of a batch', () => {
  it('are told by where the answers differ', () => {
    expect(shown('all')).toHaveLength(5);
    expect(shown('disagreements')).toEqual(['lost', 'gained', 'wrongTwice', 'both']);
    expect(shown('compressed-wrong')).toEqual(['lost', 'both']);
    expect(shown('full-wrong')).toEqual(['gained']);
  });

  it('are told for one setting alone', () => {
    expect(shown('disagreements', '1/2')).toEqual(['both']);
    expect(shown('disagreements', '1/8')).toEqual(['lost', 'gained', 'wrongTwice', 'both']);
    expect(shown('compressed-wrong', '1/2')).toEqual(['both']);
    expect(shown('full-wrong', '1/2')).toEqual([]);
    expect(shown('compressed-wrong', '9/9')).toEqual([]);
  });

  it('that only compression or full gets wrong are none without a full setting', () => {
    const settings = comparedSettings(['1/2', '1/8']);
    expect(isShown(row('a b', '+-'), 'compressed-wrong', settings)).toBe(false);
    expect(isShown(row('a b', '+-'), 'full-wrong', settings)).toBe(false);
    expect(isShown(row('a b', '+-'), 'disagreements', settings)).toBe(true);
  });

  it('agree where only white space differs', () => {
    expect(
      isShown({ answers: ['red', 'red '], correct: [true, true] }, 'disagreements', comparedSettings(['none', '1/2'])),
    ).toBe(false);
  });

  it('are counted by filter and by setting', () => {
    const rows = Object.values(ROWS);
    expect(countByFilter(rows, comparedSettings(SETTINGS))).toEqual({
      all: 5,
      disagreements: 4,
      'compressed-wrong': 2,
      'full-wrong': 1,
    });
    expect(pairedChanges(rows, SETTINGS)).toEqual([
      { lost: 2, gained: 1 },
      { lost: 0, gained: 0 },
      { lost: 1, gained: 0 },
    ]);
  });
});

describe('the exact McNemar test', () => {
  it('is the two-sided binomial probability', () => {
    expect(mcnemarProbability({ lost: 0, gained: 0 })).toBe(1);
    // 2 · (1 + 5) / 32, and 2 · 1 / 2^10.
    expect(mcnemarProbability({ lost: 4, gained: 1 })).toBeCloseTo(0.375, 12);
    expect(mcnemarProbability({ lost: 0, gained: 10 })).toBeCloseTo(2 / 1024, 12);
    // scipy.stats.binomtest(30, 80).pvalue
    expect(mcnemarProbability({ lost: 50, gained: 30 })).toBeCloseTo(0.033, 3);
    expect(mcnemarProbability({ lost: 7, gained: 7 })).toBe(1);
  });

  it('does not overflow', () => {
    expect(mcnemarProbability({ lost: 40_000, gained: 41_000 })).toBeGreaterThan(0.0001);
    expect(mcnemarProbability({ lost: 40_000, gained: 41_000 })).toBeLessThan(0.001);
  });
});
