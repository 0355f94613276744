import { describe, expect, it } from 'vitest';
import { compressRows, layoutRow } from '../../../helpers/compressor.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';

const ROWS = ['t # # # # # t', 't t t'].map((text) => layoutRow(text));
/** Two channels; the second is the first negated and times 10, so that channels can be told apart. */
const STATES = [
  [100, 1, 2, 3, 4, 5, 200],
  [7, 8, 9],
].map((row) => row.map((value) => [value, -10 * value]));
/** [out, tap · in]: of S = 2. */
const MEAN = [
  [0.5, 0, 0.5, 0],
  [0, 0.5, 0, 0.5],
];
const LEARNT = [
  [1, 0, 100, 0],
  [0, 0, 0, 1],
];

const run = (name: 'parametric' | 'average-pool', weight: number[][], rows = ROWS, states = STATES) =>
  compressRows(name, rows, 2, states, { weight });

describe('a convolution', () => {
  it('weighs every channel of every token of a window, drops the remainder and leaves text', () => {
    const after = run('parametric', LEARNT);
    expect(after.states[0]?.slice(0, 4)).toEqual([
      [100, -1000],
      [201, -20],
      [403, -40],
      [200, -2000],
    ]);
    expect(after.states[1]?.slice(0, 3)).toEqual([
      [7, -70],
      [8, -80],
      [9, -90],
    ]);
    expect(after.positions[0]?.slice(0, 4)).toEqual([0, 1, 3, 6]);
    expect(after.assignment[0]?.slice(0, 7)).toEqual([0, 1, 1, 2, 2, -1, 3]);
  });

  it('does not reach from one image into the next', () => {
    const touching = [layoutRow('# # | # # t')];
    const after = run('parametric', LEARNT, touching, [[1, 3, 5, 9, 2].map((value) => [value, -10 * value])]);
    expect(after.states[0]?.slice(0, 3)).toEqual([
      [301, -30],
      [905, -90],
      [2, -20],
    ]);
  });

  it('of means is average pooling, in a batch with text alone', () => {
    const [learnt, pooled] = [run('parametric', MEAN), run('average-pool', MEAN)];
    ROWS.forEach(({ length }, b) => {
      const left = length - (b === 0 ? 3 : 0);
      expect(learnt.states[b]?.slice(0, left)).toEqual(pooled.states[b]?.slice(0, left));
      expect(learnt.positions[b]?.slice(0, left)).toEqual(pooled.positions[b]?.slice(0, left));
    });
    expect(learnt.assignment).toEqual(pooled.assignment);
  });

  it('has nothing to do where there is text alone', () => {
    expect(run('parametric', LEARNT, [ROWS[1]!], [STATES[1]!]).states[0]?.slice(0, 3)).toEqual(STATES[1]);
  });

  it('leaves no tensors', () => expectNoLeakedTensors(() => run('parametric', LEARNT)));
});
