import { describe, expect, it } from 'vitest';
import { benchFlops, formatSavings } from '../../../src/main/bench/savings.ts';
import type { BenchCase } from '../../../src/main/bench/report.ts';
import type { BenchShape } from '../../../src/shared/bench-shape.ts';

const SHAPE: BenchShape = {
  ...{ hidden: 8, layers: 2, heads: 2, kvHeads: 2, intermediate: 16, vocab: 10, nvis: 8, text: 4, batch: 3 },
};

const caseOf = (compression: string, msMin: number): BenchCase => ({
  shape: SHAPE,
  compression,
  measured: [
    {
      contender: { side: 'ours', name: 'graph', run: () => Promise.reject(new Error('not run')) },
      runs: [
        { kind: 'train', runsOn: '', parameters: 1, peakMb: 1, msMin, msMedian: msMin, lossFirst: 1, lossLast: 1 },
      ],
    },
  ],
});

/** Forward and backward of one row by hand: linear maps and attention of each layer, and the head on 3 positions. */
function byHand(tokensPerLayer: readonly number[]): number {
  const linear = (n: number): number => 2 * n * (4 * 8 * 8 + 3 * 8 * 16);
  const attention = (n: number): number => 4 * ((n * (n + 1)) / 2) * 8;
  return 3 * (tokensPerLayer.reduce((sum, n) => sum + linear(n) + attention(n), 0) + 2 * 3 * 8 * 10);
}

describe('what compression saves of a step', () => {
  it('is counted without tower and projector', () => {
    expect(benchFlops(SHAPE, 'none')).toBe(3 * byHand([12, 12]));
    expect(benchFlops(SHAPE, '1/4')).toBe(3 * byHand([12, 6]));
  });

  it('stands beside the FLOPs of the same setting', () => {
    const text = formatSavings([caseOf('none', 200), caseOf('1/4', 150)]);
    expect(text).toMatch(/1\/4 +graph +150 +75\.0 % +7\d\.\d % +\d\.\d\d\n$/);
  });

  it('is not told where full was not timed', () => {
    expect(formatSavings([caseOf('1/4', 150)])).toBe('');
    expect(formatSavings([caseOf('none', 150)])).toBe('');
  });
});
