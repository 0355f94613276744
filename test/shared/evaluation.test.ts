import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wilsonInterval } from '../../src/shared/evaluation.ts';

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
