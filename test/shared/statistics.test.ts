import { describe, expect, it } from 'vitest';
import {
  highOutliers,
  holmCorrected,
  mean,
  quantile,
  standardDeviation,
  studentQuantile,
  welchInterval,
} from '../../src/shared/statistics.ts';

describe('mean and standard deviation', () => {
  it('are those of a sample', () => {
    expect(mean([2, 4, 4, 4, 5, 5, 7, 9])).toBe(5);
    expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(Math.sqrt(32 / 7), 12);
  });

  it('say nothing of the noise of one value', () => expect(standardDeviation([3])).toBeNaN());
});

describe('a quantile', () => {
  it('is interpolated between its neighbours', () => {
    expect([0, 0.25, 0.5, 1].map((p) => quantile([10, 20, 30], p))).toEqual([10, 15, 20, 30]);
    expect(quantile([7], 0.3)).toBe(7);
  });
});

describe('highOutliers', () => {
  it('counts what lies above the third quartile by more than 1.5 times the span of the middle half', () => {
    // Quartiles 2 and 4: above 7.
    expect(highOutliers([3, 1, 2, 4, 7])).toBe(0);
    expect(highOutliers([3, 1, 2, 4, 7.01])).toBe(1);
    expect(highOutliers([3, -50, 2, 4, 3])).toBe(0);
    // Both quartiles are 0: whatever is above is one.
    expect(highOutliers([0, 0, 0, 0, 0, 0, 0, 1, 1])).toBe(2);
    expect(highOutliers([])).toBe(0);
  });
});

describe('studentQuantile', () => {
  it.each([
    [1, 12.7062],
    [2, 4.30265],
    [3, 3.18245],
    [4, 2.77645],
    [10, 2.22814],
    [30, 2.04227],
    [1000, 1.96234],
  ])('%d degrees of freedom: the 95 %% value of the tables', (degrees, t) => {
    expect(studentQuantile(0.95, degrees)).toBeCloseTo(t, 4);
  });

  it('has the closed forms of 1 and 2 degrees', () => {
    expect(studentQuantile(0.9, 1)).toBeCloseTo(Math.tan(0.45 * Math.PI), 9);
    expect(studentQuantile(0.8, 2)).toBeCloseTo(0.8 / Math.sqrt(2 * 0.9 * 0.1), 9);
  });

  it('lies between its neighbours at a fraction of a degree', () => {
    const t = studentQuantile(0.95, 2.5);
    expect(t).toBeLessThan(studentQuantile(0.95, 2));
    expect(t).toBeGreaterThan(studentQuantile(0.95, 3));
  });
});

describe('welchInterval', () => {
  it('equals the pooled interval where both vary alike', () => {
    // Variances 1 and 1, n = 3: degrees 4, standard error sqrt(2/3).
    const interval = welchInterval([11, 12, 13], [1, 2, 3]);
    expect(interval?.difference).toBeCloseTo(10, 12);
    expect(interval?.low).toBeCloseTo(10 - 2.776445 * Math.sqrt(2 / 3), 5);
    expect(interval?.high).toBeCloseTo(10 + 2.776445 * Math.sqrt(2 / 3), 5);
  });

  it('takes the noise from the one that has it', () => {
    // Only a varies: degrees 2, standard error 1/sqrt(3).
    const interval = welchInterval([1, 2, 3], [5, 5, 5]);
    expect(interval?.high).toBeCloseTo(-3 + 4.302653 / Math.sqrt(3), 5);
  });

  it('is a point without noise, and nothing from one value', () => {
    expect(welchInterval([2, 2], [1, 1])).toEqual({ difference: 1, low: 1, high: 1 });
    expect(welchInterval([2], [1, 1])).toBeUndefined();
  });
});

describe("Holm's correction", () => {
  it('multiplies the smallest by all, the next by one fewer, and lets none fall below the one before', () => {
    // By hand: 0.01·4 = 0.04; 0.02·3 = 0.06; 0.03·2 = 0.06; 0.04·1 = 0.04, which may not be below 0.06.
    const found = holmCorrected([0.04, 0.01, 0.03, 0.02]);
    [0.06, 0.04, 0.06, 0.06].forEach((expected, i) => expect(found[i]).toBeCloseTo(expected, 12));
  });

  it('leaves one test alone and ends at 1', () => {
    expect(holmCorrected([0.03])).toEqual([0.03]);
    expect(holmCorrected([0.7, 0.6])).toEqual([1, 1]);
    expect(holmCorrected([])).toEqual([]);
  });
});
