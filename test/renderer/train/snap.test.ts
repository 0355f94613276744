import { describe, expect, it } from 'vitest';
import { snapShare, snapSteps, stepGrid } from '../../../src/renderer/src/views/train/timeline/snap.ts';

describe('a dragged boundary', () => {
  it('rests at whole percents', () => {
    expect(snapShare(0.2481)).toBeCloseTo(0.25, 12);
    expect(snapShare(0.403)).toBeCloseTo(0.4, 12);
  });

  it('rests at plain fractions of the run', () => {
    expect(snapShare(0.3312)).toBe(1 / 3);
    expect(snapShare(0.6678)).toBe(2 / 3);
  });

  it('rests at round numbers of steps', () => {
    expect(snapSteps(0.2487, 600) * 600).toBeCloseTo(150, 9);
    expect(snapSteps(0.25, 5197) * 5197).toBeCloseTo(1300, 9);
  });
});

describe('the grid of steps', () => {
  it('has about a hundred places, at 1, 2 or 5 times a power of ten', () => {
    expect([50, 600, 900, 3000, 5197, 100_000].map(stepGrid)).toEqual([1, 10, 10, 50, 100, 1000]);
  });
});
