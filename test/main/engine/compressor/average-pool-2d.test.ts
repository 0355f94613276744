import { expect, it } from 'vitest';
import { compressRows, layoutRow } from '../../../helpers/compressor.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';

const visual = (count: number): string => '# '.repeat(count);
const pool = () => {
  const rows = [layoutRow(`t ${visual(16)} t`), layoutRow(`${visual(16)}| ${visual(16)} t`)];
  const states = rows.map(({ length }, b) => Array.from({ length }, (_, t) => [100 * b + t]));
  return compressRows('average-pool-2d', rows, 4, states);
};

it('every square of two by two becomes its mean, image by image', () => {
  const { states } = pool();
  // The grid of the first image:  1  2 |  3  4
  //                               5  6 |  7  8
  //                               9 10 | 11 12
  //                              13 14 | 15 16
  expect(states[0]?.flat().slice(0, 6)).toEqual([0, 3.5, 5.5, 11.5, 13.5, 17]);
  const [first, second] = [
    [102.5, 104.5, 110.5, 112.5],
    [118.5, 120.5, 126.5, 128.5],
  ];
  expect(states[1]?.flat().slice(0, 9)).toEqual([...first, ...second, 132]);
});

it('at the mean of their positions rounded down; text keeps its own', () => {
  expect(pool().positions[0]?.slice(0, 6)).toEqual([0, 3, 5, 11, 13, 17]);
});

it('leaves no tensors', () => expectNoLeakedTensors(pool));
