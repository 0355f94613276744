import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averagePool } from '../../../../src/main/engine/compressor/average-pool.ts';
import { compressorNamed, type CompressionPlan } from '../../../../src/main/engine/compressor/compressor.ts';
import { layoutOf, type LayoutRow } from '../../../../src/main/engine/compressor/sequence-layout.ts';
import { withDeviceArrays } from '../../../../src/main/engine/backend/host-arrays.ts';
import { tf } from '../../../../src/main/engine/backend/tensorflow.ts';
import { expectTensorsClose } from '../../../helpers/tensors.ts';

/** `t t # # # t`: text and visual tokens; `|` parts two images that touch. */
function layoutRow(text: string, positions?: number[]): LayoutRow {
  const words = text.split(' ').filter((word) => word !== '');
  const tokens = words.filter((word) => word !== '|');
  const groups: { start: number; length: number }[] = [];
  let at = 0;
  words.forEach((word, i) => {
    if (word === '#') {
      const last = groups.at(-1);
      if (last && words[i - 1] === '#') last.length++;
      else groups.push({ start: at, length: 1 });
    }
    if (word !== '|') at++;
  });
  return {
    length: tokens.length,
    groups,
    positions: Int32Array.from(positions ?? tokens.map((_, i) => i)),
    origin: Int32Array.from(tokens, (word, i) => (word === 't' ? i : -1)),
  };
}

const plain = ({ length, groups, positions, origin }: LayoutRow): object => ({
  length,
  groups: groups.map(({ start, length }) => [start, length]),
  positions: [...positions],
  origin: [...origin],
});

const rowAfter = (row: LayoutRow, stride: number): object =>
  plain(averagePool.plan(layoutOf([row]), stride).after.rows[0] as LayoutRow);

/** The array of a plan, one list per row of the batch. */
function perRow(plan: CompressionPlan, name: string, rows: number): number[][] {
  const data = [...(plan.arrays[name]?.data ?? [])];
  const width = data.length / rows;
  return Array.from({ length: rows }, (_, b) => data.slice(b * width, (b + 1) * width));
}

describe('one row', () => {
  it('an image of four by two: text keeps its positions, a group gets the mean rounded down', () => {
    //      old position   0 1 2 3 4 5 6 7
    expect(rowAfter(layoutRow('t t # # # # t t'), 2)).toEqual({
      length: 6, //        t t # # t t
      groups: [[2, 2]],
      positions: [0, 1, 2, 4, 6, 7],
      origin: [0, 1, -1, -1, 6, 7],
    });
  });

  it('a remainder is dropped', () => {
    expect(rowAfter(layoutRow('t # # # # # t'), 2)).toEqual({
      length: 4,
      groups: [[1, 2]],
      positions: [0, 1, 3, 6],
      origin: [0, -1, -1, 6],
    });
  });

  it('positions of three: the mean is exact, not rounded up', () => {
    expect(rowAfter(layoutRow('t # # # t'), 3)).toEqual({
      length: 3,
      groups: [[1, 1]],
      positions: [0, 2, 4],
      origin: [0, -1, 4],
    });
  });

  it('several images, two of them touching: none reaches into the next', () => {
    expect(rowAfter(layoutRow('# # # | # # # t # #'), 2)).toEqual({
      length: 4,
      groups: [
        [0, 1],
        [1, 1],
        [3, 1],
      ],
      positions: [0, 3, 6, 7],
      origin: [-1, -1, 6, -1],
    });
  });

  it('text only: nothing changes', () => {
    const row = layoutRow('t t t');
    expect(rowAfter(row, 8)).toEqual(plain(row));
  });

  it('stride 1: nothing changes', () => {
    const row = layoutRow('t # # # t # t');
    expect(rowAfter(row, 1)).toEqual(plain(row));
  });

  it('a second time: means of means, over positions with gaps', () => {
    const once = averagePool.plan(layoutOf([layoutRow('t # # # # # # # # t')]), 2).after.rows[0] as LayoutRow;
    expect([...once.positions]).toEqual([0, 1, 3, 5, 7, 9]);
    expect(rowAfter(once, 2)).toEqual({
      length: 4,
      groups: [[1, 2]],
      positions: [0, 2, 6, 9],
      origin: [0, -1, -1, 9],
    });
  });

  it('positions beyond 2048, where half precision gives other ones', () => {
    const positions = [0, 4097, 4098, 4099];
    expect(rowAfter(layoutRow('t # # t', positions), 2)).toMatchObject({ positions: [0, 4097, 4099] });
  });

  it('an image shorter than the stride disappears, the text around it stays', () => {
    expect(rowAfter(layoutRow('t # # t'), 4)).toEqual({
      length: 2,
      groups: [[1, 0]],
      positions: [0, 3],
      origin: [0, 3],
    });
  });
});

describe('a mixed batch', () => {
  const rows = [layoutRow('t # # # # # t'), layoutRow('t t t'), layoutRow('# # | # #')];
  const before = layoutOf(rows);
  const plan = averagePool.plan(before, 2);

  it('every row has its own segments, shifted by the padded length', () => {
    expect([before.paddedLength, plan.after.paddedLength]).toEqual([8, 8]);
    const segments = perRow(plan, 'segments', 3).map((row) => row.slice(0, 8));
    expect(segments).toEqual([
      [0, 1, 1, 2, 2, -1, 3, -1],
      [8, 9, 10, -1, -1, -1, -1, -1],
      [16, 16, 17, 17, -1, -1, -1, -1],
    ]);
  });

  it('a segment weighs 1 / its size, padding 0', () => {
    expect(perRow(plan, 'weight', 3).map((row) => row.slice(0, 5))).toEqual([
      [1, 0.5, 0.5, 1, 0],
      [1, 1, 1, 0, 0],
      [0.5, 0.5, 0, 0, 0],
    ]);
  });

  it('the arrays for the gradient are the same facts', () => {
    const segments = perRow(plan, 'segments', 3).flat();
    expect(perRow(plan, 'kept', 3).flat()).toEqual(segments.map((s) => (s < 0 ? 0 : 1)));
    expect(perRow(plan, 'source', 3).flat()).toEqual(segments.map((s) => (s < 0 ? 0 : s)));
  });

  it('on the device: means of the states of each group, zeros in the padding', () => {
    // State of token t of row b: 100 b + t.
    const states = Float32Array.from({ length: 3 * 8 }, (_, i) => 100 * Math.floor(i / 8) + (i % 8));
    const expected = new Float32Array(3 * 8);
    expected.set([0, 1.5, 3.5, 6], 0);
    expected.set([100, 101, 102], 8);
    expected.set([200.5, 202.5], 16);
    withDeviceArrays(plan.arrays, (arrays) => {
      tf.tidy(() => {
        const pooled = averagePool.apply(tf.tensor2d(states, [24, 1]), arrays);
        expectTensorsClose(pooled, { shape: [24, 1], data: expected }, 0);
      });
    });
    expect.hasAssertions();
  });

  it('pads to what the longest row needs afterwards', () => {
    const long = layoutRow(`t ${'# '.repeat(40)}t`);
    expect(layoutOf([long]).paddedLength).toBe(48);
    expect(averagePool.plan(layoutOf([long, rows[1] as LayoutRow]), 8).after.paddedLength).toBe(8);
  });
});

describe('any rows', () => {
  const part = fc.oneof(
    fc.integer({ min: 1, max: 5 }).map((n) => 't '.repeat(n)),
    fc.integer({ min: 1, max: 20 }).map((n) => `| ${'# '.repeat(n)}| `),
  );
  const rowArbitrary = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => layoutRow(parts.join('').trim()));
  const stride = fc.integer({ min: 1, max: 9 });

  it('text is neither lost nor moved, and keeps its order and its positions', () => {
    fc.assert(
      fc.property(rowArbitrary, stride, (row, s) => {
        const after = averagePool.plan(layoutOf([row]), s).after.rows[0] as LayoutRow;
        const textOf = ({ origin, positions }: LayoutRow): number[][] =>
          [...origin].flatMap((from, i) => (from < 0 ? [] : [[from, positions[i] as number]]));
        expect(textOf(after)).toEqual(textOf(row));
      }),
    );
  });

  it('groups have the floor of length / stride, lie where the visual tokens are, and positions never fall', () => {
    fc.assert(
      fc.property(rowArbitrary, stride, (row, s) => {
        const after = averagePool.plan(layoutOf([row]), s).after.rows[0] as LayoutRow;
        expect(after.groups.map(({ length }) => length)).toEqual(
          row.groups.map(({ length }) => Math.floor(length / s)),
        );
        const inGroups = after.groups.flatMap(({ start, length }) => Array.from({ length }, (_, i) => start + i));
        expect(inGroups).toEqual([...after.origin].flatMap((from, i) => (from < 0 ? [i] : [])));
        const { positions } = after;
        expect([...positions].every((p, i) => i === 0 || p > (positions[i - 1] as number))).toBe(true);
        expect(after.positions.length).toBe(after.length);
      }),
    );
  });

  it('every pooled token is the mean of exactly its rows: weights times sizes are 1', () => {
    fc.assert(
      fc.property(fc.array(rowArbitrary, { minLength: 1, maxLength: 4 }), stride, (rows, s) => {
        const plan = averagePool.plan(layoutOf(rows), s);
        const [segments, weights] = [perRow(plan, 'segments', rows.length), perRow(plan, 'weight', rows.length)];
        const { paddedLength } = plan.after;
        plan.after.rows.forEach((row, b) => {
          weights[b]?.forEach((weight, t) => {
            const size = segments[b]?.filter((segment) => segment === b * paddedLength + t).length ?? 0;
            expect(size > 0).toBe(t < row.length);
            expect(weight).toBeCloseTo(size === 0 ? 0 : 1 / size, 6);
          });
          const dropped = rows[b]?.groups.reduce((total, { length }) => total + (length % s), 0) as number;
          const kept = segments[b]?.filter((segment) => segment >= 0).length as number;
          expect(kept).toBe((rows[b]?.length as number) - dropped);
        });
      }),
    );
  });
});

it('is found by its name', () => expect(compressorNamed('average-pool')).toBe(averagePool));
