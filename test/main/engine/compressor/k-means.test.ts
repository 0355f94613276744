import { describe, expect, it } from 'vitest';
import { drawnPlaces } from '../../../../src/main/engine/compressor/draw.ts';
import { compressRows, layoutRow, type CompressedRows } from '../../../helpers/compressor.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';

/** Eight visual tokens whose values lie near 0, 10, 20 and 30, two of each. */
const NEAR = [20, 0, 31, 11, 30, 10, 1, 21];

function cluster(values: readonly number[], stride: number, id = 'row'): CompressedRows {
  const row = layoutRow(`t ${'# '.repeat(values.length)}t`, id);
  return compressRows('k-means', [row], stride, [[[-500], ...values.map((value) => [value]), [500]]]);
}

describe('clusters', () => {
  it('that lie far apart are found where each has a seed, ordered by mean position', () => {
    const point = { layer: 2, stride: 2, compressor: 'k-means' } as const;
    const seedsOf = (id: string): number[] =>
      drawnPlaces(`${id} 0`, point, 8, 4).map((place) => Math.floor((NEAR[place] as number) / 10));
    const id = Array.from({ length: 200 }, (_, i) => `row ${i}`).find((name) => new Set(seedsOf(name)).size === 4);
    const { states, positions, assignment } = cluster(NEAR, 2, id);
    // Members at positions (3, 5), (1, 8) and (2, 7), (4, 6): means 4, twice 4.5, 5.
    expect(positions[0]?.slice(0, 6)).toEqual([0, 4, 4, 4, 5, 9]);
    const values = states[0]?.flat().slice(0, 6) as number[];
    expect([values[0], values[1], values[4], values[5]]).toEqual([-500, 30.5, 10.5, 500]);
    expect([values[2], values[3]].sort()).toEqual([0.5, 20.5]);
    const [zeros, twenties] = [values.indexOf(0.5), values.indexOf(20.5)];
    expect(assignment[0]?.slice(0, 10)).toEqual([0, twenties, zeros, 1, 4, 1, 4, zeros, twenties, 5]);
  });

  it('as many as tokens are the tokens themselves', () => {
    const { states, positions } = cluster([5, 3, 9], 1);
    expect(states[0]?.flat().slice(0, 5)).toEqual([-500, 5, 3, 9, 500]);
    expect(positions[0]?.slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
  });

  it('a single one is the mean of all', () => {
    const { states, positions, assignment } = cluster([1, 2, 3, 6], 4);
    expect(states[0]?.flat().slice(0, 3)).toEqual([-500, 3, 500]);
    expect(positions[0]?.slice(0, 3)).toEqual([0, 2, 5]);
    expect(assignment[0]?.slice(0, 6)).toEqual([0, 1, 1, 1, 1, 2]);
  });

  it('without members stand for the token they began at', () => {
    // All tokens are alike, so all go to one cluster.
    const { states, assignment } = cluster([7, 7, 7, 7, 7, 7], 2);
    expect(states[0]?.flat().slice(0, 5)).toEqual([-500, 7, 7, 7, 500]);
    expect(new Set(assignment[0]?.slice(1, 7)).size).toBe(1);
  });
});

describe('any values', () => {
  const values = Array.from({ length: 25 }, (_, i) => ((i * 37) % 25) + ((i * i) % 7) / 10);
  const { states, positions, assignment } = cluster(values, 4);

  it('every state is the mean of the tokens that went there, at their mean position rounded down', () => {
    for (let place = 1; place <= 6; place++) {
      const members = (assignment[0] ?? []).flatMap((to, t) => (to === place ? [t] : []));
      expect(members.length).toBeGreaterThan(0);
      const mean = members.reduce((sum, t) => sum + (values[t - 1] as number), 0) / members.length;
      expect(states[0]?.[place]?.[0]).toBeCloseTo(mean, 4);
      expect(positions[0]?.[place]).toBe(Math.floor(members.reduce((a, b) => a + b, 0) / members.length));
    }
  });

  it('every token went somewhere, and places are ordered by position', () => {
    expect(assignment[0]?.slice(1, 26).every((to) => to >= 1 && to <= 6)).toBe(true);
    const places = positions[0]?.slice(0, 8) ?? [];
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it('a row is clustered the same alone and in company, and by its own images', () => {
    const rows = [
      layoutRow(`t ${'# '.repeat(9)}| ${'# '.repeat(16)}t`, 'a'),
      layoutRow('t t t', 'b'),
      layoutRow(`t ${'# '.repeat(25)}t`),
    ];
    const own = rows.map(({ length }) =>
      Array.from({ length }, (_, t) => [t === 0 || t === length - 1 ? 0 : (values[t - 1] as number)]),
    );
    const together = compressRows('k-means', rows, 4, own);
    const alone = compressRows('k-means', [rows[2]!], 4, [own[2]!]);
    expect(together.states[2]?.slice(0, 8)).toEqual(alone.states[0]?.slice(0, 8));
    expect(together.states[1]?.slice(0, 3)).toEqual([[0], [9.1], [0]].map(([v], i) => (i === 1 ? own[1]![1] : [v])));
    // Two clusters of the first image, four of the second.
    expect(new Set(together.assignment[0]?.slice(1, 10))).toEqual(new Set([1, 2]));
    expect(together.assignment[0]?.slice(10, 26).every((to) => to >= 3 && to <= 6)).toBe(true);
  });

  it('leaves no tensors', () => expectNoLeakedTensors(() => cluster(values, 4)));
});
