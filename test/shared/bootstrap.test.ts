import { describe, expect, it } from 'vitest';
import { pairedBootstrap } from '../../src/shared/bootstrap.ts';

/** Rows for the settings full and compressed: right at both, lost, gained, wrong at both. */
function rows(both: number, lost: number, gained: number, neither: number): boolean[][] {
  const some = (count: number, row: boolean[]): boolean[][] => Array.from({ length: count }, () => row);
  return [
    ...some(both, [true, true]),
    ...some(lost, [true, false]),
    ...some(gained, [false, true]),
    ...some(neither, [false, false]),
  ];
}

describe('the paired bootstrap', () => {
  it('gives the quantiles of the binomial distribution, which a share of independent questions has', () => {
    // Of 100 questions 50 right: 2.5 % of Binomial(100, 0.5) lie at 40 (P(X ≤ 39) = 1.8 %, P(X ≤ 40) = 2.8 %), and at 60.
    const [full, same] = pairedBootstrap(rows(50, 0, 0, 50), 0, { resamples: 20_000 });
    expect(full!.accuracy).toEqual([0.4, 0.6]);
    expect(same!.accuracy).toEqual(full!.accuracy);
  });

  it('compares settings on the same questions: what is right at both makes no difference', () => {
    // Unpaired, the difference of two shares of 1/2 over 100 questions would reach ±0.14.
    const [full, same] = pairedBootstrap(rows(50, 0, 0, 50), 0);
    expect(full!.difference).toEqual([0, 0]);
    expect(same!.difference).toEqual([0, 0]);
    // Lost ones alone: the difference is minus Binomial(100, 0.1) / 100, whose 2.5 % and 97.5 % lie at 5 and 16.
    const [, worse] = pairedBootstrap(rows(45, 10, 0, 45), 0, { resamples: 20_000 });
    expect(worse!.difference[0]).toBeCloseTo(-0.16, 2);
    expect(worse!.difference[1]).toBeCloseTo(-0.05, 2);
  });

  it('gives the same with the same seed, and nearly the same with another', () => {
    const some = rows(30, 12, 4, 14);
    const at = (seed: number) => pairedBootstrap(some, 0, { seed });
    expect(at(1)).toEqual(at(1));
    expect(at(1)).not.toEqual(at(2));
    expect(at(1)[1]!.difference[0]).toBeCloseTo(at(2)[1]!.difference[0], 1);
  });

  it('refuses a full setting that is not there', () => {
    expect(() => pairedBootstrap([[true]], 1)).toThrow('no setting 1');
  });
});
