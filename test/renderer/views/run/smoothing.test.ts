import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { smooth } from '../../../../src/renderer/src/views/run/metrics/smoothing.ts';

const ramp = (length: number): number[] => Array.from({ length }, (_, i) => i);

describe('smooth', () => {
  it('leaves the curve as it is at weight 0', () => {
    expect([...smooth([0, 1, 2], [5, 1, 3], 0, 2)]).toEqual([5, 1, 3]);
  });

  it('starts at the first value, not at zero, and leaves a constant curve alone', () => {
    for (const value of smooth(ramp(50), Array(50).fill(7), 0.9, 49)) expect(value).toBeCloseTo(7, 12);
  });

  it('is the known mean with its bias removed where the points are one step apart', () => {
    // w = 0.5, steps of range / 1000: m1 = 0.5·4, m2 = 0.5·m1 + 0.5·8, divided by 1 − 0.5ⁿ.
    const smoothed = smooth([0, 1, 2], [4, 8, 0], 0.5, 1000);
    expect(smoothed[0]).toBeCloseTo(4, 12);
    expect(smoothed[1]).toBeCloseTo((0.5 * 2 + 4) / 0.75, 12);
    expect(smoothed[2]).toBeCloseTo((0.5 * (0.5 * 2 + 4)) / 0.875, 12);
  });

  it('smooths a thinned-out curve like the whole one', () => {
    const x = ramp(100_000);
    const y = x.map((i) => Math.exp(-i / 20_000));
    const thinned = x.filter((i) => i % 25 === 0);
    const whole = smooth(x, y, 0.9, 100_000);
    const few = smooth(
      thinned,
      thinned.map((i) => y[i]!),
      0.9,
      100_000,
    );
    expect(few.at(-1)).toBeCloseTo(whole.at(thinned.at(-1)!)!, 3);
    expect(few[1000]).toBeCloseTo(whole[25_000]!, 3);
  });

  it('keeps gaps and goes on behind them', () => {
    const smoothed = smooth([0, 1, 2, 3], [2, NaN, 2, Infinity], 0.9, 3);
    expect(smoothed[1]).toBeNaN();
    expect(smoothed[2]).toBeCloseTo(2, 12);
    expect(smoothed[3]).toBe(Infinity);
  });

  it('never leaves the range of its data', () => {
    const curve = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(curve, fc.double({ min: 0, max: 1, noNaN: true }), (y, weight) => {
        const [low, high] = [Math.min(...y), Math.max(...y)];
        const slack = 1e-9 * Math.max(1, Math.abs(low), Math.abs(high));
        for (const value of smooth(ramp(y.length), y, weight, y.length)) {
          expect(value).toBeGreaterThanOrEqual(low - slack);
          expect(value).toBeLessThanOrEqual(high + slack);
        }
      }),
    );
  });
});
