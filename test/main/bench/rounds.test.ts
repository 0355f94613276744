import { describe, expect, it } from 'vitest';
import type { Contender } from '../../../src/main/bench/contender.ts';
import { formatShape } from '../../../src/main/bench/report.ts';
import { best, takeTurns } from '../../../src/main/bench/rounds.ts';
import type { BenchResult, TrainBenchResult } from '../../../src/shared/bench.ts';

const RESULT: TrainBenchResult = {
  kind: 'train',
  runsOn: 'an abacus',
  parameters: 1_500_000,
  msMin: 100,
  msMedian: 120,
  peakMb: 1000,
  lossFirst: 2,
  lossLast: 1,
};

/** A contender whose runs take the given times, and a record of the order of all runs. */
function contender(
  side: Contender['side'],
  times: number[],
  order: string[] = [],
  more: Partial<TrainBenchResult> = {},
): Contender {
  let next = 0;
  const run = (): Promise<BenchResult> => {
    order.push(side);
    const msMin = times[Math.min(next++, times.length - 1)] as number;
    return Promise.resolve({ ...RESULT, ...more, msMin });
  };
  return { side, name: 'x', run };
}

describe('turns', () => {
  it('alternate, and end when every minimum has settled', async () => {
    const order: string[] = [];
    const measured = await takeTurns(
      [contender('ours', [100, 90, 120, 89.5], order), contender('torch', [300, 200, 150, 400], order)],
      { rounds: 2, maxRounds: 9 },
      () => undefined,
    );
    expect(order).toEqual(Array.from({ length: 4 }, () => ['ours', 'torch']).flat());
    expect(measured.map(({ runs }) => best(runs))).toMatchObject([{ msMin: 89.5 }, { msMin: 150 }]);
  });

  it('end at the limit although a minimum still falls', async () => {
    const [only] = await takeTurns([contender('ours', [9, 8, 7, 6, 5])], { rounds: 1, maxRounds: 3 }, () => undefined);
    expect(only?.runs).toHaveLength(3);
  });

  it('refuse to compare engines of different sizes', async () => {
    const contenders = [contender('ours', [1]), contender('torch', [1], [], { parameters: 2 })];
    await expect(takeTurns(contenders, { rounds: 1, maxRounds: 1 }, () => undefined)).rejects.toThrow(/same work/);
  });
});

describe('the report', () => {
  it('takes the smallest time, the smallest optimizer share and the largest peak', () => {
    const runs = [
      { ...RESULT, msMin: 5, msMedian: 9, peakMb: 70, optimizerMs: 3 },
      { ...RESULT, msMin: 6, msMedian: 7, peakMb: 90, optimizerMs: 2 },
    ];
    expect(best(runs)).toMatchObject({ msMin: 5, msMedian: 9, peakMb: 90, optimizerMs: 2 });
  });

  const SHAPE = { hidden: 8, layers: 2, heads: 2, kvHeads: 1, intermediate: 16, vocab: 9, nvis: 4, text: 3, batch: 1 };

  it('compares every way of ours with every way of PyTorch', () => {
    const measured = [
      { contender: contender('ours', [1]), runs: [{ ...RESULT, msMin: 50, optimizerMs: 5 }] },
      { contender: contender('torch', [1]), runs: [{ ...RESULT, peakMb: 800 }] },
    ];
    const text = formatShape([{ shape: SHAPE, compression: 'none', measured }]);
    expect(text).toContain('2 heads (1 for keys)');
    expect(text).toContain('1.5 M weights');
    expect(text).toMatch(/full +x +x +50\.0 +100 +0\.50 +1000 +800 +1\.25 +5\.0/);
  });

  it('shows ours alone without PyTorch', () => {
    const measured = [{ contender: contender('ours', [1]), runs: [RESULT] }];
    const text = formatShape([{ shape: SHAPE, compression: '2/8', measured }]);
    expect(text).toMatch(/2\/8 +x +100 +1000 +-/);
    expect(text).not.toMatch(/ratio|PyTorch/);
  });
});
