import { describe, expect, it } from 'vitest';
import { lossCurve } from '../../../src/shared/experiment/loss-curve.ts';

describe('lossCurve', () => {
  it('is the mean over the seeds, up to the shortest', () => {
    expect(
      lossCurve('full', [
        [4, 2, 1],
        [2, 2, 3, 9],
      ]),
    ).toEqual({ name: 'full', steps: [1, 2, 3], losses: [3, 2, 2] });
  });

  it('is smoothed evenly to both sides, so a straight fall stays one', () => {
    const straight = Array.from({ length: 1000 }, (_, i) => 1000 - i);
    const { steps, losses } = lossCurve('full', [straight]);
    expect(steps).toHaveLength(200);
    expect([steps[0], steps.at(-1)]).toEqual([1, 1000]);
    losses.forEach((loss, i) => expect(loss).toBeCloseTo(1001 - (steps[i] ?? 0)));
  });

  it('is empty without steps', () => {
    expect(lossCurve('full', [])).toEqual({ name: 'full', steps: [], losses: [] });
  });
});
