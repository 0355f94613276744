import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimate, partMeans } from '../../../../src/main/studio/runs/decimate.ts';

const finite = fc.double({ min: -1e9, max: 1e9, noNaN: true });
const values = fc.array(fc.oneof({ weight: 9, arbitrary: finite }, { weight: 1, arbitrary: fc.constant(NaN) }), {
  minLength: 1,
  maxLength: 400,
});

/** Values, a range in them and a number of points. */
const cases = fc.tuple(values, fc.nat(), fc.nat(), fc.integer({ min: 4, max: 100 })).map(([list, a, b, points]) => {
  const [from, to] = [a % list.length, (b % list.length) + 1].sort((x, y) => x - y) as [number, number];
  return { column: Float64Array.from(list), from, to, points };
});

const known = (column: Float64Array, rows: Iterable<number>): number[] =>
  [...rows].map((row) => column[row] as number).filter((value) => !Number.isNaN(value));

describe('decimate', () => {
  it('takes rows of the range in ascending order, no more than asked for', () => {
    fc.assert(
      fc.property(cases, ({ column, from, to, points }) => {
        const rows = [...decimate(column, from, to, points).rows];
        expect(rows.length).toBeLessThanOrEqual(Math.max(points, 0));
        expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
        expect(rows.every((row) => row >= from && row < to)).toBe(true);
      }),
    );
  });

  it('keeps the extremes of the range, and its ends', () => {
    fc.assert(
      fc.property(cases, ({ column, from, to, points }) => {
        const { rows } = decimate(column, from, to, points);
        const all = known(
          column,
          Array.from({ length: to - from }, (_, i) => from + i),
        );
        const taken = known(column, rows);
        expect(Math.min(...taken)).toBe(Math.min(...all));
        expect(Math.max(...taken)).toBe(Math.max(...all));
        if (to > from) expect([rows[0], rows.at(-1)]).toEqual([from, to - 1]);
      }),
    );
  });

  it('takes every row where they are few enough, and says means where not', () => {
    const column = Float64Array.from({ length: 10 }, (_, i) => i);
    expect(decimate(column, 2, 6, 4)).toEqual({ rows: Uint32Array.of(2, 3, 4, 5) });
    // Two buckets of 0..4 and 5..9.
    expect(decimate(column, 0, 10, 6)).toEqual({
      rows: Uint32Array.of(0, 4, 5, 9),
      means: Float64Array.of(2, 2, 7, 7),
    });
  });

  it('draws a million rows from their extremes', () => {
    const column = Float64Array.from({ length: 1_000_000 }, (_, i) => Math.sin(i));
    column[123_456] = 50;
    const { rows } = decimate(column, 0, column.length, 4000);
    expect(rows.length).toBeLessThanOrEqual(4000);
    expect(rows).toContain(123_456);
  });
});

it('splits a column into parts of equal length and takes their means', () => {
  expect(partMeans(Float64Array.of(1, 3, 5, NaN, NaN, NaN), 3)).toEqual([2, 5]);
  expect(partMeans(Float64Array.of(4, 5), 60)).toEqual([4, 5]);
  expect(partMeans(new Float64Array(0), 60)).toEqual([]);
});
