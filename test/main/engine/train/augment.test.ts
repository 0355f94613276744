import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/shared/random.ts';
import { flipsAndShifts } from '../../../../src/main/engine/train/augment.ts';

const SIDE = 3;
const PLANE = SIDE * SIDE;

/** Channel c of image i holds 1000 i + 100 c + place. */
const images = (count: number): Float32Array =>
  Float32Array.from({ length: count * 3 * PLANE }, (_, i) => {
    const [image, channel] = [Math.floor(i / (3 * PLANE)), Math.floor(i / PLANE) % 3];
    return 1000 * image + 100 * channel + (i % PLANE);
  });

const planes = (pixels: Float32Array): number[][] =>
  Array.from({ length: pixels.length / PLANE }, (_, p) => [...pixels.subarray(p * PLANE, (p + 1) * PLANE)]);

const augmented = (seed: number, shift: number, count = 2): number[][] =>
  planes(flipsAndShifts(images(count), SIDE, Random.from(seed, 'augment'), shift));

const seeds = Array.from({ length: 300 }, (_, seed) => seed);

describe('flips and transposes (no shift)', () => {
  it('only move pixels: each plane keeps its own', () => {
    for (const seed of seeds) {
      const sorted = augmented(seed, 0).map((plane) => [...plane].sort((a, b) => a - b));
      expect(sorted).toEqual(planes(images(2)));
    }
  });

  it('move the three channels of an image alike', () => {
    for (const seed of seeds.slice(0, 50)) {
      const found = augmented(seed, 3);
      for (const first of [0, 3]) {
        for (const c of [1, 2]) expect(found[first + c]).toEqual(found[first]?.map((value) => value + 100 * c));
      }
    }
  });

  it('are the eight symmetries of the square, each of them met', () => {
    const rows = [0, 1, 2].map((r) => [0, 1, 2].map((c) => 3 * r + c));
    const turn = (m: number[][]): number[][] => m.map((_, r) => m.map((row) => row[r] as number).reverse());
    const turns = [rows, turn(rows), turn(turn(rows)), turn(turn(turn(rows)))];
    const all = turns.flatMap((m) => [m, m.map((row) => [...row].reverse())]).map((m) => m.flat().join());
    expect(new Set(all).size).toBe(8);
    expect(new Set(seeds.map((seed) => augmented(seed, 0, 1)[0]?.join()))).toEqual(new Set(all));
  });

  it('are drawn for every image of a batch anew', () => {
    const differ = seeds.filter((seed) => {
      const found = augmented(seed, 0);
      return found[0]?.join() !== found[3]?.map((value) => value - 1000).join();
    });
    // 7 in 8.
    expect(differ.length / seeds.length).toBeGreaterThan(0.75);
  });
});

describe('shifts', () => {
  it('repeat the border: every value is one of the image’s', () => {
    for (const seed of seeds.slice(0, 100)) {
      const found = augmented(seed, 2, 1)[0] as number[];
      expect(found.every((value) => Number.isInteger(value) && value >= 0 && value < PLANE)).toBe(true);
    }
  });

  it('go as far as the maximum in all directions, and no further', () => {
    // The middle pixel of 5 × 5 is the only 1: it can be at 5 × 5 places with a shift of 2, at 3 × 3 with one of 1.
    const spot = new Float32Array(75).fill(1, 12, 13);
    const places = (shift: number): Set<number> =>
      new Set(seeds.map((seed) => flipsAndShifts(spot, 5, Random.from(seed, 'spot'), shift).indexOf(1)));
    expect([...places(1)].sort((a, b) => a - b)).toEqual([6, 7, 8, 11, 12, 13, 16, 17, 18]);
    expect(places(2).size).toBe(25);
  });
});

it('leaves its input alone and is a function of its random stream', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(4), (seed, shift) => {
      const input = images(2);
      const [a, b] = [0, 1].map(() => flipsAndShifts(input, SIDE, Random.from(seed, 'x'), shift));
      expect(a).toEqual(b);
      expect(input).toEqual(images(2));
    }),
  );
});
