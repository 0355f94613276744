import { describe, expect, it } from 'vitest';
import type { EvaluatedAnswer } from '../../src/shared/evaluation.ts';
import { PAPER_REDUNDANCY } from '../../src/shared/paper-redundancy.ts';
import { probabilityText } from '../../src/shared/probability-words.ts';
import { pointOf, scoresOf, studyLimits, studyResult, unfitSettings } from '../../src/shared/redundancy-study.ts';
import { limitSentences } from '../../src/shared/study-words.ts';
import { llava15 } from './llava-1.5-7b.ts';

const SETTINGS = ['none', '2/8', '16/2'];

/** Ten questions: full has 8 right; 2/8 loses three of them and gains one; 16/2 changes none. */
function answers(): EvaluatedAnswer[] {
  const marks = ['+++', '+++', '+++', '+++', '+++', '+-+', '+-+', '+-+', '-+-', '---'];
  return marks.map((mark, i) => ({
    ...{ id: `${i}#0`, expected: i < 5 ? 'yes' : 'red', answers: ['a', 'b', 'c'] },
    correct: mark.split('').map((one) => one === '+'),
    cost: { groupLengths: [576], textTokens: 62, generatedTokens: [1, 1, 1] },
  }));
}
const TIMES = [
  { questions: 4, prefillMs: [400, 200, 300], totalMs: [800, 400, 600] },
  { questions: 4, prefillMs: [40, 20, 30], totalMs: [80, 40, 60] },
  { questions: 2, prefillMs: [22, 12, 16], totalMs: [42, 22, 32] },
];

describe('the result of a study', () => {
  const result = studyResult(answers(), TIMES, SETTINGS, llava15);
  const [hard, mild] = result.points as [(typeof result.points)[0], (typeof result.points)[0]];

  it('compares every setting with full, question by question', () => {
    expect(result.questions).toBe(10);
    expect(result.full).toMatchObject({ compression: 'none', accuracy: 0.8, difference: 0, lost: 0, probability: 1 });
    expect(hard).toMatchObject({ compression: '2/8', accuracy: 0.6, lost: 3, gained: 1 });
    expect(hard.difference).toBeCloseTo(-20, 10);
    // Of 4 changed questions 1 or fewer on the smaller side: 2 · (1 + 4) / 16.
    expect(hard.probability).toBeCloseTo(0.625, 10);
    expect(mild).toMatchObject({ accuracy: 0.8, difference: 0, differenceInterval: [0, 0], probability: 1 });
    expect(hard.differenceInterval[0]).toBeLessThan(-20);
    expect(hard.differenceInterval[1]).toBeGreaterThan(-20);
  });

  it("counts tokens and FLOPs as the paper's tables do", () => {
    expect(Math.round(hard.compressionRatio)).toBe(557);
    expect(hard.retainedPercent).toBeCloseTo(17.97, 2);
    expect(hard.flopsPaper / 1e12).toBeCloseTo(2.14, 2);
    expect(mild.flopsPaper / 1e12).toBeCloseTo(6.4, 2);
  });

  it('takes the median of the batches for the time of a question: the first one sets up', () => {
    expect([result.full.prefillMs, hard.prefillMs, mild.prefillMs]).toEqual([11, 6, 8]);
    expect(result.full.totalMs).toBe(21);
  });

  it('says how many tokens can go', () => {
    const { lastTolerated, firstBeyond, surelyTolerated } = studyLimits(result);
    expect([lastTolerated, firstBeyond, surelyTolerated].map((point) => point?.compression)).toEqual([
      ...['16/2', '2/8', '16/2'],
    ]);
    expect(limitSentences(result)[0]).toBe(
      '25.0 % of the visual tokens can go for at most 3 points: 16/2 reaches 80.00 % where full reaches 80.00 %, a difference of 0.00 points (95 %: 0.00 to 0.00).',
    );
    const worse = { ...result, points: [hard] };
    expect(limitSentences(worse)[0]).toBe('No setting stays within 3 points of full, which reaches 80.00 %.');
  });

  it('judges by the worse end of the interval where it is to be sure', () => {
    const unsure = { ...mild, difference: -1, differenceInterval: [-5, 3] as [number, number] };
    const { lastTolerated, surelyTolerated } = studyLimits({ points: [unsure] });
    expect(lastTolerated).toBe(unsure);
    expect(surelyTolerated).toBeUndefined();
  });

  it('writes probabilities short', () => {
    expect([0.5, 0.0004].map(probabilityText)).toEqual(['p = 0.500', 'p < 0.001']);
  });

  it('counts right answers while it runs', () => {
    expect(scoresOf(answers(), SETTINGS).map(({ score }) => score.correct)).toEqual([8, 6, 8]);
  });

  it('knows where a setting is in the grid', () => {
    expect(pointOf({ compression: '2/8:k-means' })).toEqual({ layer: 2, stride: 8, compressor: 'k-means' });
    expect(() => pointOf({ compression: 'none' })).toThrow('not one layer and stride');
  });
});

describe('settings of a grid', () => {
  const grid = { layers: [0, 2], strides: [4, 8], compressors: ['average-pool' as const, 'attention' as const] };

  it('fit, or are told by name with the rule', () => {
    expect(unfitSettings({ ...grid, compressors: ['average-pool'] }, 4, 16)).toEqual([]);
    expect(unfitSettings(grid, 4, 4)).toEqual([
      ...['0/8:average-pool', '2/8:average-pool'].map((setting) => ({
        setting,
        rule: expect.stringContaining('stride must be at most 4') as string,
      })),
      ...['0/4:attention', '0/8:attention'].map((setting) => ({
        setting,
        rule: expect.stringContaining('layer K of attention must be 1 or more') as string,
      })),
      { setting: '2/8:attention', rule: expect.stringContaining('stride must be at most 4') as string },
    ]);
    expect(unfitSettings({ ...grid, compressors: ['average-pool'] }, 2, 16).map(({ setting }) => setting)).toEqual([
      ...['2/4:average-pool', '2/8:average-pool'],
    ]);
  });
});

describe("the paper's figure", () => {
  it('has the retained shares that Eq. 3 gives', () => {
    const shares = PAPER_REDUNDANCY.map(({ retainedPercent }) => Number(retainedPercent.toFixed(1)));
    expect(shares).toEqual([29.7, 18, 12.1, 7.7, 43.8, 34.4, 29.7, 26.2, 62.5, 56.3, 53.1, 50.8]);
    const [first] = PAPER_REDUNDANCY;
    expect(first).toMatchObject({ layer: 2, stride: 4, accuracy: 58.6 });
    expect(first!.difference).toBeCloseTo(-3.4, 10);
  });
});
