import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bucketLength,
  layoutAfter,
  layoutOf,
  shortened,
  type LayoutRow,
} from '../../../../src/main/engine/compressor/sequence-layout.ts';
import { layoutRow } from '../../../helpers/compressor.ts';

/** A row of text. */
const row = (length: number): LayoutRow => layoutRow('t '.repeat(length));

describe('padded lengths', () => {
  it('are few: steps of 8, and from 128 on eight to a power of two', () => {
    const lengths = new Set(Array.from({ length: 1024 }, (_, i) => bucketLength(i + 1)));
    expect([...lengths]).toEqual([
      ...[8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128],
      ...[144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384, 416, 448, 480, 512],
      ...[576, 640, 704, 768, 832, 896, 960, 1024],
    ]);
  });

  it('hold the tokens and waste at most 7 or an eighth of them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (tokens) => {
        const padding = bucketLength(tokens) - tokens;
        expect(padding).toBeGreaterThanOrEqual(0);
        expect(padding).toBeLessThan(Math.max(8, tokens / 8));
      }),
    );
  });

  it('of a batch are those of its longest row, and of an empty one not 0', () => {
    expect(layoutOf([row(3), row(41), row(17)]).paddedLength).toBe(48);
    expect(layoutOf([row(0)]).paddedLength).toBe(8);
  });
});

describe('after a compression point', () => {
  const before = layoutOf([row(20), row(18)]);

  it('equal losses come off the padded length', () => {
    expect(before.paddedLength).toBe(24);
    expect(layoutAfter(before, [row(13), row(11)]).paddedLength).toBe(17);
  });

  it('unequal ones have it chosen anew', () => {
    expect(layoutAfter(before, [row(13), row(18)]).paddedLength).toBe(24);
    expect(layoutAfter(before, [row(13), row(10)]).paddedLength).toBe(16);
  });
});

const plain = ({ length, groups, origin, answers }: LayoutRow): object => ({
  length,
  groups: groups.map(({ start, length }) => [start, length]),
  origin: [...origin],
  answers,
});

const rowAfter = (row: LayoutRow, stride: number): LayoutRow => shortened(layoutOf([row]), stride).rows[0] as LayoutRow;

describe('a row with shortened groups', () => {
  it('text moves up, with the place where the answer begins', () => {
    expect(plain(rowAfter(layoutRow('t t # # # # t > t'), 2))).toEqual({
      length: 7, //                  t t # # t > t
      groups: [[2, 2]],
      origin: [0, 1, -1, -1, 6, 7, 8],
      answers: [5],
    });
  });

  it('a row without an answer will have it where it ends now', () => {
    expect(rowAfter(layoutRow('t # # # # t'), 2).answers).toEqual([4]);
    expect(rowAfter(layoutRow('t # # # #'), 2).answers).toEqual([3]);
  });

  it('a remainder is dropped', () => {
    expect(plain(rowAfter(layoutRow('t # # # # # t'), 2))).toMatchObject({ length: 4, groups: [[1, 2]] });
  });

  it('several images, two of them touching: none reaches into the next', () => {
    expect(plain(rowAfter(layoutRow('# # # | # # # t # # >'), 2))).toEqual({
      length: 5,
      groups: [
        [0, 1],
        [1, 1],
        [3, 1],
      ],
      origin: [-1, -1, 6, -1, 9],
      answers: [4],
    });
  });

  it.each(['t t t', 't # # # t # t'])('nothing changes at stride 1: %s', (text) => {
    expect(plain(rowAfter(layoutRow(text), 1))).toEqual(plain(layoutRow(text)));
  });

  it('an image shorter than the stride disappears, the text around it stays', () => {
    expect(plain(rowAfter(layoutRow('t # # t'), 4))).toMatchObject({ length: 2, groups: [[1, 0]], origin: [0, 3] });
  });

  it('pads to what the longest row needs afterwards', () => {
    const long = layoutRow(`t ${'# '.repeat(40)}t`);
    expect(layoutOf([long]).paddedLength).toBe(48);
    expect(shortened(layoutOf([long, layoutRow('t t t')]), 8).paddedLength).toBe(8);
  });
});

describe('any rows', () => {
  const part = fc.oneof(
    fc.integer({ min: 1, max: 5 }).map((n) => 't '.repeat(n)),
    fc.integer({ min: 1, max: 20 }).map((n) => `| ${'# '.repeat(n)}| `),
  );
  const rowArbitrary = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => layoutRow(parts.join('').trim()));
  const stride = fc.integer({ min: 1, max: 9 });

  it('text is neither lost nor moved past text', () => {
    fc.assert(
      fc.property(rowArbitrary, stride, (row, s) => {
        const textOf = ({ origin }: LayoutRow): number[] => [...origin].filter((from) => from >= 0);
        expect(textOf(rowAfter(row, s))).toEqual(textOf(row));
      }),
    );
  });

  it('groups have the floor of length / stride and lie where the visual tokens are', () => {
    fc.assert(
      fc.property(rowArbitrary, stride, (row, s) => {
        const after = rowAfter(row, s);
        expect(after.groups.map(({ length }) => length)).toEqual(
          row.groups.map(({ length }) => Math.floor(length / s)),
        );
        const inGroups = after.groups.flatMap(({ start, length }) => Array.from({ length }, (_, i) => start + i));
        expect(inGroups).toEqual([...after.origin].flatMap((from, i) => (from < 0 ? [i] : [])));
      }),
    );
  });
});
