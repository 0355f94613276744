import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bucketLength,
  layoutAfter,
  layoutOf,
  paddedPositions,
  type LayoutRow,
} from '../../../../src/main/engine/compressor/sequence-layout.ts';

/** A row of text. */
const row = (length: number): LayoutRow => {
  const places = Int32Array.from({ length }, (_, i) => i);
  return { length, groups: [], positions: places, origin: places };
};

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

it('positions are padded with 0 on the right', () => {
  const positions = paddedPositions({ rows: [row(3), row(1)], paddedLength: 4 });
  expect([...positions]).toEqual([0, 1, 2, 0, 0, 0, 0, 0]);
});
