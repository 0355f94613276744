import { describe, expect, it } from 'vitest';
import { averagePool } from '../../../../src/main/engine/compressor/average-pool.ts';
import { compressorNamed } from '../../../../src/main/engine/compressor/compressors.ts';
import { compressRows, layoutRow, type CompressedRows } from '../../../helpers/compressor.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';

/** Token t of row b has state 100 b + t. */
function pool(rows: string[], stride: number, positions?: number[][]): CompressedRows {
  const layouts = rows.map((text) => layoutRow(text));
  const states = layouts.map(({ length }, b) => Array.from({ length }, (_, t) => [100 * b + t]));
  return compressRows('average-pool', layouts, stride, states, positions ? { positions } : {});
}

const first = (values: readonly number[][], count: number): number[] => (values[0] ?? []).slice(0, count);

describe('position ids', () => {
  it('text keeps its own, a group gets the mean rounded down', () => {
    //                            0 1 2 3 4 5 6 7                                   t  t  #  #  t  t
    expect(first(pool(['t t # # # # t t'], 2).positions, 6)).toEqual([0, 1, 2, 4, 6, 7]);
  });

  it('a remainder is left out', () => {
    expect(first(pool(['t # # # # # t'], 2).positions, 4)).toEqual([0, 1, 3, 6]);
  });

  it('of three: the mean is exact, not rounded up', () => {
    expect(first(pool(['t # # # t'], 3).positions, 3)).toEqual([0, 2, 4]);
  });

  it('of several images, two of them touching: none reaches into the next', () => {
    expect(first(pool(['# # # | # # # t # #'], 2).positions, 4)).toEqual([0, 3, 6, 7]);
  });

  it('a second time: means of means, over positions with gaps', () => {
    expect(first(pool(['t # # # # t'], 2, [[0, 1, 3, 5, 7, 9]]).positions, 4)).toEqual([0, 2, 6, 9]);
  });

  it('beyond 2048, where half precision gives other ones', () => {
    expect(first(pool(['t # # t'], 2, [[0, 4097, 4098, 4099]]).positions, 3)).toEqual([0, 4097, 4099]);
  });

  it('beyond what float32 sums hold exactly', () => {
    expect(first(pool(['# # #'], 3, [[16777215, 16777216, 16777217]]).positions, 1)).toEqual([16777216]);
  });
});

describe('a mixed batch', () => {
  const rows = ['t # # # # # t', 't t t', '# # | # #'];

  it('every token goes where its group goes; a remainder nowhere', () => {
    expect(pool(rows, 2).assignment).toEqual([
      [0, 1, 1, 2, 2, -1, 3, -1],
      [0, 1, 2, -1, -1, -1, -1, -1],
      [0, 0, 1, 1, -1, -1, -1, -1],
    ]);
  });

  it('states are means of each group, zeros in the padding', () => {
    expect(pool(rows, 2).states.map((row) => row.flat())).toEqual([
      [0, 1.5, 3.5, 6, 0, 0, 0, 0],
      [100, 101, 102, 0, 0, 0, 0, 0],
      [200.5, 202.5, 0, 0, 0, 0, 0, 0],
    ]);
  });

  it('leaves no tensors', () => expectNoLeakedTensors(() => pool(rows, 2)));
});

it('is found by its name', () => {
  expect(compressorNamed('average-pool')).toBe(averagePool);
});
