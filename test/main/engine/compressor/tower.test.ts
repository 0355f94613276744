/** Compressors that rank by the vision tower, against their rules worked out by hand. */
import { describe, expect, it } from 'vitest';
import type { CompressorName } from '../../../../src/shared/compressors.ts';
import { compressRows, layoutRow, type CompressedRows } from '../../../helpers/compressor.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';

/** A key at an angle, in degrees. */
const at = (degrees: number): number[] => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
/** One token: its attention, and its key in the only head, which is as long as one likes. */
const token = (attention: number, degrees: number, length = 1) => ({
  attention,
  keys: [at(degrees).map((value) => value * length)],
});

interface Image {
  readonly attention: readonly number[];
  readonly degrees: readonly number[];
}
const seenAs = ({ attention, degrees }: Image) => attention.map((a, i) => token(a, degrees[i]!, i + 1));

/** The only row's tokens are images that touch, of one channel: 1, 2, 4, 8 … so that every sum tells its parts. */
function run(name: CompressorName, stride: number, images: readonly Image[]): CompressedRows {
  const rows = [layoutRow(images.map(({ attention }) => attention.map(() => '#').join(' ')).join(' | '))];
  const tower = [images.flatMap(seenAs)];
  const states = [tower[0]!.map((_, i) => [2 ** i])];
  return compressRows(name, rows, stride, states, { layer: -1, tower });
}

const valuesOf = ({ states }: CompressedRows, count: number): number[] => states[0]!.slice(0, count).flat();
const wentOf = ({ assignment }: CompressedRows, count: number): number[] => assignment[0]!.slice(0, count);

describe('VisionZip', () => {
  // 8 tokens to 4: one contextual, at the first of the other five; dominant are tokens 1, 4 and 6.
  const ONE = { attention: [0.1, 0.3, 0.05, 0.02, 0.4, 0.01, 0.2, 0.03], degrees: [0, 10, 20, 30, 40, 50, 60, 70] };

  it('keeps those with the most attention, and merges the others into one as a mean', () => {
    const result = run('visionzip', 2, [ONE]);
    const [merged, ...kept] = valuesOf(result, 4);
    expect(merged).toBeCloseTo((1 + 4 + 8 + 32 + 128) / 5, 4);
    expect(kept).toEqual([2, 16, 64]);
    expect(wentOf(result, 8)).toEqual([0, 1, 0, 0, 2, 0, 3, 0]);
  });

  it('merges each into the target it is most alike, whatever the length of its key', () => {
    // 24 to 12: 10 / 64 of 12 are two contextual ones, 10 are dominant; of the 14 others every 7th is a target.
    const attention = Array.from({ length: 24 }, (_, i) => (i < 10 ? 1 - i / 100 : i / 1000));
    // Targets are tokens 10 (0°) and 17 (90°); the others turn from 0° on, 12 and 20 away from their neighbours.
    const degrees = Array.from({ length: 24 }, (_, i) => (i === 17 ? 90 : (i - 10) * 5));
    degrees[12] = 80;
    degrees[20] = 44;
    const went = wentOf(run('visionzip', 2, [{ attention, degrees }]), 24);
    expect(went.slice(0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    // 10 11 12 13 14 15 16 17 18 19 20 21 22 23 at 0 5 80 15 20 25 30 90 40 45 44 55 60 65 degrees; 45 goes either way.
    expect(went.slice(10, 19)).toEqual([10, 10, 11, 10, 10, 10, 10, 11, 10]);
    expect(went.slice(20)).toEqual([10, 11, 11, 11]);
  });

  it('treats every image alone', () => {
    const OTHER = { attention: [...ONE.attention].reverse(), degrees: ONE.degrees };
    const [alone, together] = [run('visionzip', 2, [OTHER]), run('visionzip', 2, [ONE, OTHER])];
    expect(wentOf(together, 16)).toEqual([
      ...wentOf(run('visionzip', 2, [ONE]), 8),
      ...wentOf(alone, 8).map((to) => to + 4),
    ]);
    expect(valuesOf(together, 8).slice(4)).toEqual(valuesOf(alone, 4).map((value) => value * 256));
  });

  it('averages keys over heads before it compares them', () => {
    // 20 to 10: 8 dominant, 12 others with targets at 8 and 14. Means of keys: 45° at 8 and at 11, 0° at all else.
    const [right, up] = [at(0), at(90)];
    const keysOf = (i: number): number[][] => (i === 8 ? [right, up] : i === 11 ? [up, right] : [right, right]);
    const tower = [Array.from({ length: 20 }, (_, i) => ({ attention: i < 8 ? 1 : 0.1, keys: keysOf(i) }))];
    const row = layoutRow('# '.repeat(20));
    const { assignment } = compressRows('visionzip', [row], 2, [tower[0]!.map((_, i) => [i])], { layer: -1, tower });
    // Head by head, token 11 is more like token 14 (0 + 1) than token 8 (0 + 0).
    expect(assignment[0]!.slice(8, 20)).toEqual([8, 9, 9, 8, 9, 9, 9, 9, 9, 9, 9, 9]);
  });

  it('leaves no tensors', () => expectNoLeakedTensors(() => run('visionzip', 2, [ONE])));
});

describe('PruMerge', () => {
  // 8 tokens to 2: tokens 2 and 5 stay. Each takes in one of all others (32 of 576 would be 0.4).
  const ONE = {
    attention: [0.1, 0.2, 0.5, 0.1, 0.25, 0.375, 0.125, 0.0625],
    degrees: [0, 12, 30, 200, 120, 180, 40, 90],
  };

  it('adds to each that stays the one it is most alike, times its attention', () => {
    const result = run('prumerge', 4, [ONE]);
    // Token 2 (30°) takes in 6 (40°); token 5 (180°) takes in 3 (200°).
    expect(valuesOf(result, 2)[0]).toBeCloseTo(4 + 0.125 * 64, 5);
    expect(valuesOf(result, 2)[1]).toBeCloseTo(32 + 0.1 * 8, 5);
    expect(wentOf(result, 8)).toEqual([-1, -1, 0, 1, -1, 1, 0, -1]);
  });

  it('may take in one that stays itself, and one twice', () => {
    const close = { attention: [0.5, 0.375, 0.25, 0.01, 0.01, 0.01], degrees: [0, 20, 5, 100, 140, 180] };
    const result = run('prumerge', 3, [close]);
    // Tokens 0 and 1 stay; 2 is the nearest of both.
    expect(valuesOf(result, 2)).toEqual([1 + 0.25 * 4, 2 + 0.25 * 4]);
    expect(wentOf(result, 6)).toEqual([0, 1, 0, -1, -1, -1]);
    const nearest = run('prumerge', 3, [{ ...close, degrees: [0, 2, 50, 100, 140, 180] }]);
    expect(valuesOf(nearest, 2)).toEqual([1 + 0.375 * 2, 2 + 0.5 * 1]);
    expect(wentOf(nearest, 6)).toEqual([0, 1, -1, -1, -1, -1]);
  });

  it('treats every image alone', () => {
    const together = run('prumerge', 4, [ONE, ONE]);
    const alone = run('prumerge', 4, [ONE]);
    expect(valuesOf(together, 4)).toEqual([...valuesOf(alone, 2), ...valuesOf(alone, 2).map((value) => value * 256)]);
    expect(wentOf(together, 16).slice(8)).toEqual(wentOf(alone, 8).map((to) => (to < 0 ? -1 : to + 2)));
  });

  it('leaves no tensors', () => expectNoLeakedTensors(() => run('prumerge', 4, [ONE])));
});

describe('PruMerge+', () => {
  it('keeps a quarter for their attention and spaces the others among the rest', () => {
    // 16 to 8: tokens 5 and 9 by attention; of the 14 others the places 0, 2, 4, 7, 9 and 11.
    const attention = Array.from({ length: 16 }, (_, i) => (i === 5 || i === 9 ? 0.3 : 0.01 + i / 1000));
    const result = run('prumerge-plus', 2, [{ attention, degrees: attention.map((_, i) => i * 10) }]);
    const places = Array.from({ length: 8 }, (_, place) => wentOf(result, 16).indexOf(place));
    const others = [...attention.keys()].filter((i) => i !== 5 && i !== 9);
    const stay = [0, 2, 4, 7, 9, 11].map((place) => others[place]!);
    expect(stay).toEqual([0, 2, 4, 8, 11, 13]);
    expect(valuesOf(result, 8).map((value) => Math.floor(Math.log2(value)))).toEqual([0, 2, 4, 5, 8, 9, 11, 13]);
    expect(places.every((place) => place >= 0)).toBe(true);
  });
});
