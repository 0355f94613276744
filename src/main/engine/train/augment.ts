import type { Random } from '../../../shared/random.ts';

/** How one image is turned and moved: mirrored, transposed and shifted by whole pixels. */
interface Placement {
  readonly flipX: boolean;
  readonly flipY: boolean;
  readonly transpose: boolean;
  readonly shiftX: number;
  readonly shiftY: number;
}

function randomPlacement(random: Random, maximumShift: number): Placement {
  const coin = (): boolean => random.uniform() < 0.5;
  const shift = (): number => random.integer(2 * maximumShift + 1) - maximumShift;
  return { flipX: coin(), flipY: coin(), transpose: coin(), shiftX: shift(), shiftY: shift() };
}

const clamp = (value: number, size: number): number => Math.min(Math.max(value, 0), size - 1);

/** Offset of the source pixel of (x, y); beyond the border its nearest pixel is repeated. */
function sourceOffset(x: number, y: number, side: number, place: Placement): number {
  const u = clamp(x - place.shiftX, side);
  const v = clamp(y - place.shiftY, side);
  const column = place.flipX ? side - 1 - u : u;
  const row = place.flipY ? side - 1 - v : v;
  return place.transpose ? column * side + row : row * side + column;
}

/**
 * Flips, transposes and shifts every image of a batch at random.
 *
 * @param pixels [I, 3, S, S], not changed
 * @param maximumShift in pixels
 * @returns [I, 3, S, S]
 */
export function flipsAndShifts(pixels: Float32Array, side: number, random: Random, maximumShift: number): Float32Array {
  const plane = side * side;
  const result = new Float32Array(pixels.length);
  for (let image = 0; image < pixels.length; image += 3 * plane) {
    const place = randomPlacement(random, maximumShift);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const from = image + sourceOffset(x, y, side, place);
        const to = image + y * side + x;
        for (let channel = 0; channel < 3 * plane; channel += plane) {
          result[to + channel] = pixels[from + channel] as number;
        }
      }
    }
  }
  return result;
}
