import { describe, expect, it } from 'vitest';
import { compressRows, layoutRow } from '../../../helpers/compressor.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';

/** A picture of 4 × 4 patches, one of 2 × 2 that touches it, and text behind. */
const ROWS = [layoutRow(`t ${'# '.repeat(16)}| # # # # t`), layoutRow('t t t')];
/** The first picture's patches are 0 … 15, the second's 100 … 103; the other channel is ten times as much. */
const PICTURES = [...Array.from({ length: 16 }, (_, i) => i), 100, 101, 102, 103];
const STATES = [
  [-1, ...PICTURES, -2],
  [7, 8, 9],
].map((row) => row.map((value) => [value, 10 * value]));
/** First channel: upper left + 1000 · upper right; second: the second channel of lower left + lower right. */
const LEARNT = [
  [1, 0, 1000, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 1, 0, 1],
];
const MEAN = [
  [0.25, 0, 0.25, 0, 0.25, 0, 0.25, 0],
  [0, 0.25, 0, 0.25, 0, 0.25, 0, 0.25],
];

const run = (name: 'pixel-shuffle' | 'average-pool-2d', weight: number[][]) =>
  compressRows(name, ROWS, 4, STATES, { weight });

describe('a pixel shuffle', () => {
  it('puts the channels of every square side by side, and its weight takes them to one token', () => {
    const { states, assignment } = run('pixel-shuffle', LEARNT);
    // Squares of the 4 × 4 grid: 0 1 4 5, 2 3 6 7, 8 9 12 13, 10 11 14 15.
    expect(states[0]?.slice(0, 7)).toEqual([
      [-1, -10],
      [0 + 1000 * 1, 40 + 50],
      [2 + 1000 * 3, 60 + 70],
      [8 + 1000 * 9, 120 + 130],
      [10 + 1000 * 11, 140 + 150],
      [100 + 1000 * 101, 1020 + 1030],
      [-2, -20],
    ]);
    expect(states[1]?.slice(0, 3)).toEqual(STATES[1]);
    expect(assignment[0]?.slice(1, 21)).toEqual([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4, 5, 5, 5, 5]);
  });

  it('of means is average pooling of squares', () => {
    const [shuffled, pooled] = [run('pixel-shuffle', MEAN), run('average-pool-2d', MEAN)];
    expect(shuffled.states[0]?.slice(0, 7)).toEqual(pooled.states[0]?.slice(0, 7));
    expect(shuffled.positions).toEqual(pooled.positions);
    expect(shuffled.assignment).toEqual(pooled.assignment);
  });

  it('leaves no tensors', () => expectNoLeakedTensors(() => run('pixel-shuffle', LEARNT)));
});
