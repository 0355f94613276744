/** VisionZip's rule, worked out by hand. */
import { describe, expect, it } from 'vitest';
import { compressRows, layoutRow } from '../../../helpers/compressor.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';
import { compressSeen, keyAt, valuesOf, wentOf } from '../../../helpers/tower.ts';

describe('VisionZip', () => {
  // 8 tokens to 4: one contextual, at the first of the other five; dominant are tokens 1, 4 and 6.
  const ONE = { attention: [0.1, 0.3, 0.05, 0.02, 0.4, 0.01, 0.2, 0.03], degrees: [0, 10, 20, 30, 40, 50, 60, 70] };

  it('keeps those with the most attention, and merges the others into one as a mean', () => {
    const result = compressSeen('visionzip', 2, [ONE]);
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
    const went = wentOf(compressSeen('visionzip', 2, [{ attention, degrees }]), 24);
    expect(went.slice(0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    // 10 11 12 13 14 15 16 17 18 19 20 21 22 23 at 0 5 80 15 20 25 30 90 40 45 44 55 60 65 degrees; 45 goes either way.
    expect(went.slice(10, 19)).toEqual([10, 10, 11, 10, 10, 10, 10, 11, 10]);
    expect(went.slice(20)).toEqual([10, 11, 11, 11]);
  });

  it('treats every image alone', () => {
    const OTHER = { attention: [...ONE.attention].reverse(), degrees: ONE.degrees };
    const [alone, together] = [compressSeen('visionzip', 2, [OTHER]), compressSeen('visionzip', 2, [ONE, OTHER])];
    expect(wentOf(together, 16)).toEqual([
      ...wentOf(compressSeen('visionzip', 2, [ONE]), 8),
      ...wentOf(alone, 8).map((to) => to + 4),
    ]);
    expect(valuesOf(together, 8).slice(4)).toEqual(valuesOf(alone, 4).map((value) => value * 256));
  });

  it('averages keys over heads before it compares them', () => {
    // 20 to 10: 8 dominant, 12 others with targets at 8 and 14. Means of keys: 45° at 8 and at 11, 0° at all else.
    const [right, up] = [keyAt(0), keyAt(90)];
    const keysOf = (i: number): number[][] => (i === 8 ? [right, up] : i === 11 ? [up, right] : [right, right]);
    const tower = [Array.from({ length: 20 }, (_, i) => ({ attention: i < 8 ? 1 : 0.1, keys: keysOf(i) }))];
    const row = layoutRow('# '.repeat(20));
    const { assignment } = compressRows('visionzip', [row], 2, [tower[0]!.map((_, i) => [i])], { layer: -1, tower });
    // Head by head, token 11 is more like token 14 (0 + 1) than token 8 (0 + 0).
    expect(assignment[0]!.slice(8, 20)).toEqual([8, 9, 9, 8, 9, 9, 9, 9, 9, 9, 9, 9]);
  });

  it('leaves no tensors', () => expectNoLeakedTensors(() => compressSeen('visionzip', 2, [ONE])));
});
