import { deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { deflate } from '../../../../../src/main/engine/data/sources/shapes/deflate.ts';
import { encodePng } from '../../../../../src/main/engine/data/sources/shapes/png.ts';
import { Random } from '../../../../../src/shared/random.ts';

/** Bytes with runs and repetitions of every length, as pictures have them. */
function patchy(seed: number, length: number): Uint8Array {
  const random = Random.from(seed, 'patchy');
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const [value, run] = [random.integer(256), 1 + random.integer(random.pick([2, 20, 700]))];
    bytes.fill(value, at, (at += run));
  }
  return bytes;
}

describe('deflate', () => {
  it('is undone by zlib, whatever the bytes and the distances', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 3 }),
        (data, distances) => {
          expect(Uint8Array.from(inflateSync(deflate(data, distances)))).toEqual(data);
        },
      ),
      { seed: 1 },
    );
  });

  it.each([1, 2, 3, 4, 193, 769, 32768])('finds repetitions %i bytes back', (distance) => {
    const data = patchy(distance, 2 * distance + 5000);
    data.copyWithin(distance, 0, distance);
    const packed = deflate(data, [distance]);
    expect(Uint8Array.from(inflateSync(packed))).toEqual(data);
    // Without that repetition zlib's own stored blocks would be as long as the data.
    expect(packed.length).toBeLessThan(data.length);
  });
});

describe('encodePng', () => {
  it.each([
    [1, 1],
    [3, 2],
    [64, 64],
    [17, 130],
  ])('keeps every pixel of %i x %i', async (width, height) => {
    const pixels = patchy(width, width * height * 3);
    const { data, info } = await sharp(encodePng(pixels, width, height))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([width, height, 3]);
    expect(new Uint8Array(data)).toEqual(pixels);
  });

  it('is not much larger than what zlib makes of flat colours', () => {
    const pixels = new Uint8Array(64 * 64 * 3).fill(200);
    expect(encodePng(pixels, 64, 64).length).toBeLessThan(deflateSync(pixels).length + 300);
  });

  it('refuses a buffer of another size', () => {
    expect(() => encodePng(new Uint8Array(11), 2, 2)).toThrow(/not 2 x 2 x 3/);
  });
});
