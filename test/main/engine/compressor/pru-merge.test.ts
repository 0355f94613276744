/** The rules of PruMerge and PruMerge+, worked out by hand. */
import { describe, expect, it } from 'vitest';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';
import { compressSeen, valuesOf, wentOf } from '../../../helpers/tower.ts';

describe('PruMerge', () => {
  // 8 tokens to 2: tokens 2 and 5 stay. Each takes in one of all others (32 of 576 would be 0.4).
  const ONE = {
    attention: [0.1, 0.2, 0.5, 0.1, 0.25, 0.375, 0.125, 0.0625],
    degrees: [0, 12, 30, 200, 120, 180, 40, 90],
  };

  it('adds to each that stays the one it is most alike, times its attention', () => {
    const result = compressSeen('prumerge', 4, [ONE]);
    // Token 2 (30°) takes in 6 (40°); token 5 (180°) takes in 3 (200°).
    expect(valuesOf(result, 2)[0]).toBeCloseTo(4 + 0.125 * 64, 5);
    expect(valuesOf(result, 2)[1]).toBeCloseTo(32 + 0.1 * 8, 5);
    expect(wentOf(result, 8)).toEqual([-1, -1, 0, 1, -1, 1, 0, -1]);
  });

  it('may take in one that stays itself, and one twice', () => {
    const close = { attention: [0.5, 0.375, 0.25, 0.01, 0.01, 0.01], degrees: [0, 20, 5, 100, 140, 180] };
    const result = compressSeen('prumerge', 3, [close]);
    // Tokens 0 and 1 stay; 2 is the nearest of both.
    expect(valuesOf(result, 2)).toEqual([1 + 0.25 * 4, 2 + 0.25 * 4]);
    expect(wentOf(result, 6)).toEqual([0, 1, 0, -1, -1, -1]);
    const nearest = compressSeen('prumerge', 3, [{ ...close, degrees: [0, 2, 50, 100, 140, 180] }]);
    expect(valuesOf(nearest, 2)).toEqual([1 + 0.375 * 2, 2 + 0.5 * 1]);
    expect(wentOf(nearest, 6)).toEqual([0, 1, -1, -1, -1, -1]);
  });

  it('treats every image alone', () => {
    const together = compressSeen('prumerge', 4, [ONE, ONE]);
    const alone = compressSeen('prumerge', 4, [ONE]);
    expect(valuesOf(together, 4)).toEqual([...valuesOf(alone, 2), ...valuesOf(alone, 2).map((value) => value * 256)]);
    expect(wentOf(together, 16).slice(8)).toEqual(wentOf(alone, 8).map((to) => (to < 0 ? -1 : to + 2)));
  });

  it('leaves no tensors', () => expectNoLeakedTensors(() => compressSeen('prumerge', 4, [ONE])));
});

describe('PruMerge+', () => {
  it('keeps a quarter for their attention and spaces the others among the rest', () => {
    // 16 to 8: tokens 5 and 9 by attention; of the 14 others the places 0, 2, 4, 7, 9 and 11.
    const attention = Array.from({ length: 16 }, (_, i) => (i === 5 || i === 9 ? 0.3 : 0.01 + i / 1000));
    const result = compressSeen('prumerge-plus', 2, [{ attention, degrees: attention.map((_, i) => i * 10) }]);
    const places = Array.from({ length: 8 }, (_, place) => wentOf(result, 16).indexOf(place));
    const others = [...attention.keys()].filter((i) => i !== 5 && i !== 9);
    const stay = [0, 2, 4, 7, 9, 11].map((place) => others[place]!);
    expect(stay).toEqual([0, 2, 4, 8, 11, 13]);
    expect(valuesOf(result, 8).map((value) => Math.floor(Math.log2(value)))).toEqual([0, 2, 4, 5, 8, 9, 11, 13]);
    expect(places.every((place) => place >= 0)).toBe(true);
  });
});
