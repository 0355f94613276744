import { describe, expect, it } from 'vitest';
import { marksOf, pairMarks } from '../../../src/shared/experiment/answers.ts';
import {
  comparePaired,
  compareRuns,
  correctedProbabilities,
  verdictOf,
  type ComparedRun,
} from '../../../src/shared/experiment/comparison.ts';

/** A run that answered one question for each letter: `x` right, `.` wrong. */
function run(name: string, seed: number, marks: string): ComparedRun {
  const correct = Array.from(marks, (mark) => mark === 'x');
  const answers = correct.map((right, i) => ({ id: `q${i}`, expected: 'yes', answers: ['yes'], correct: [right] }));
  return {
    ...{ name, seed, accuracy: correct.filter(Boolean).length / correct.length },
    marks: marksOf(answers, 0),
  };
}

describe('comparePaired', () => {
  it('pools the questions of all seeds for McNemar', () => {
    // Seed 0: lost 3 and gained 0; seed 1: lost 2 and gained 1. 5 against 1 of 6: 2·(C(6,0) + C(6,1)) / 64 = 14 / 64.
    const baseline = [run('base-0', 0, 'xxxx....'), run('base-1', 1, 'xxxx....')];
    const scheme = [run('own-0', 0, 'x.......'), run('own-1', 1, 'xx..x...')];
    const paired = comparePaired(scheme, baseline);
    expect(paired).toMatchObject({ seeds: 2, questions: 8, lost: 5, gained: 1 });
    expect(paired?.probability).toBeCloseTo(14 / 64, 12);
  });

  it('pairs runs of one seed only', () => {
    const baseline = [run('base-0', 0, 'xx'), run('base-2', 2, '..')];
    const paired = comparePaired([run('own-1', 1, '..'), run('own-2', 2, 'x.')], baseline);
    expect(paired).toMatchObject({ seeds: 1, lost: 0, gained: 1, probability: 1 });
    expect(comparePaired([run('own-1', 1, '..')], baseline)).toBeUndefined();
  });

  it('is undefined where answers were not kept', () => {
    const { marks: _, ...without } = run('own', 0, 'xx');
    expect(comparePaired([without], [run('base', 0, 'xx')])).toBeUndefined();
  });

  it('refuses answers to other questions', () => {
    expect(() => comparePaired([run('own', 0, 'xxx')], [run('base', 0, 'xx')])).toThrow(
      'own: must have answered the 2 questions that base has (found 3)',
    );
  });
});

describe('marksOf', () => {
  it('tells questions about one sample apart, whatever the order of the samples', () => {
    const answer = (id: string, expected: string, right: boolean): Parameters<typeof marksOf>[0][number] => ({
      ...{ id, expected, answers: [''], correct: [right] },
    });
    const a = marksOf([answer('1', 'red', true), answer('1', 'blue', false), answer('2', 'red', true)], 0);
    const b = marksOf([answer('2', 'red', false), answer('1', 'red', true), answer('1', 'blue', true)], 0);
    expect(pairMarks(a, b, ['a', 'b'])).toEqual([
      [true, true],
      [false, true],
      [true, false],
    ]);
  });
});

describe('compareRuns', () => {
  it('gives the difference in points with Welch over the seeds', () => {
    const runs = (accuracies: readonly number[]): ComparedRun[] =>
      accuracies.map((accuracy, seed) => ({ name: `${seed}`, seed, accuracy }));
    const found = compareRuns(runs([0.9, 0.901, 0.902]), runs([0.95, 0.951, 0.952]));
    expect(found.difference).toBeCloseTo(-5);
    // Standard error sqrt(2/3)·0.1 points, 4 degrees of freedom: ± 2.776·0.0816.
    expect(found.overSeeds?.[0]).toBeCloseTo(-5.2267, 3);
    expect(found).toMatchObject({ verdict: 'worse', seeds: [3, 3] });
    expect(found.paired).toBeUndefined();
  });
});

describe('verdictOf', () => {
  it.each([
    ['worse', [-3, -1], [-2, -1]],
    ['better', [1, 3], [1, 2]],
    ['not-significant', [-1, 1], [-2, 1]],
    // The seeds agree, but other questions could turn it.
    ['not-significant', [-3, -1], [-2, 1]],
    // The models differ, but three seeds of luck could make it.
    ['too-few-seeds', [-9, 1], [-5, -3]],
    // They differ for the better, which is no loss whatever the luck.
    ['not-significant', [-1, 9], [3, 5]],
  ] as const)('%s: over seeds %j, over questions and seeds %j', (verdict, overSeeds, overBoth) => {
    expect(verdictOf(overSeeds, overBoth)).toBe(verdict);
  });

  it('says nothing from one seed, however sure the questions are', () => {
    expect(verdictOf(undefined, [-5, -4])).toBe('too-few-seeds');
  });
});

describe('correctedProbabilities', () => {
  it('corrects for the schemes that were paired, and knows nothing of the others', () => {
    const baseline = [run('base', 0, 'xxxxxxxx')];
    const compared = (name: string, marks: string) => ({
      name,
      comparison: compareRuns([run(name, 0, marks)], baseline),
    });
    // Six lost of six: 2 / 64; one of one: 1. Two tests.
    const schemes = [{ name: 'base' }, compared('bad', '......xx'), compared('same', 'xxxxxxx.')];
    const found = correctedProbabilities(schemes);
    expect([...found.keys()]).toEqual(['bad', 'same']);
    expect(found.get('bad')).toBeCloseTo(2 * (2 / 64), 12);
    expect(found.get('same')).toBe(1);
  });
});
