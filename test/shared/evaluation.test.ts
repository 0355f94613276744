import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  evaluationReportSchema,
  formatMetric,
  isScoredOutside,
  mainMetric,
  wilsonInterval,
} from '../../src/shared/evaluation.ts';

describe('the interval of an accuracy', () => {
  // Expected values: the shares p with |correct/questions − p| = z·√(p(1−p)/questions), found by bisection in Python with
  // z = statistics.NormalDist().inv_cdf(0.975); so not by the closed form that is tested.
  it.each([
    [8, 10, 0.490162, 0.943318],
    [950, 1000, 0.934686, 0.96187],
    [0, 20, 0, 0.161125],
    [20, 20, 0.838875, 1],
  ])('of %i of %i is Wilson’s', (correct, questions, low, high) => {
    const [ours, above] = wilsonInterval({ correct, questions });
    expect(ours).toBeCloseTo(low, 5);
    expect(above).toBeCloseTo(high, 5);
  });

  it('says nothing without questions', () => {
    expect(wilsonInterval({ correct: 0, questions: 0 })).toEqual([0, 1]);
  });

  it('always holds the accuracy and lies between 0 and 1', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (questions, share) => {
          const correct = Math.round(share * questions);
          const [low, high] = wilsonInterval({ correct, questions });
          expect(low).toBeGreaterThanOrEqual(0);
          expect(high).toBeLessThanOrEqual(1);
          expect(low).toBeLessThanOrEqual(correct / questions + 1e-12);
          expect(high).toBeGreaterThanOrEqual(correct / questions - 1e-12);
        },
      ),
    );
  });
});

describe('a report', () => {
  const setting = {
    ...{ compression: 'none', score: { questions: 4, correct: 1 }, accuracy: 0.25, interval: [0, 1], byType: {} },
    ...{ visualTokens: 1, retainedPercent: 100, compressionRatio: 100, flopsPaper: 1, flopsExact: 1 },
    ...{ prefillMs: 1, totalMs: 1 },
  };
  const report = {
    ...{ model: 'm', data: 'd', questions: 4, images: 1, layers: 2, loadMs: 1, visionMs: 1, durationMs: 1 },
    settings: [setting],
  };

  it('of an earlier version has no results of a benchmark', () => {
    const read = evaluationReportSchema.parse(report);
    expect([isScoredOutside(read), mainMetric(read.settings[0]!)]).toEqual([false, undefined]);
  });

  it('is known by the first of a benchmark’s results', () => {
    const metrics = [
      { name: 'perception', value: 1486.34, unit: 'points' },
      { name: 'OCR accuracy', value: 78.515, unit: '%' },
    ];
    const read = evaluationReportSchema.parse({ ...report, scorer: 'mme', settings: [{ ...setting, metrics }] });
    expect(formatMetric(mainMetric(read.settings[0]!)!)).toBe('1486.3 points');
    expect(formatMetric({ name: 'accuracy', value: 78.5, unit: '%' })).toBe('78.50 %');
    expect(isScoredOutside({ scorer: 'outside' })).toBe(true);
  });
});
