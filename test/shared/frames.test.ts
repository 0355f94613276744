import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/shared/errors.ts';
import { MAX_FRAMES, meanFrames, parseFrames, sampledFrames, spreadFrames } from '../../src/shared/frames.ts';

describe('frames by number', () => {
  it.each([
    [100, 8, [0, 14, 28, 42, 56, 70, 84, 99]],
    [9, 3, [0, 4, 8]],
    [8, 8, [0, 1, 2, 3, 4, 5, 6, 7]],
    [5, 8, [0, 1, 2, 3, 4]],
    [10, 1, [4]],
    [1, 1, [0]],
  ])('of %i frames %i are %j', (frames, count, expected) => {
    expect(sampledFrames({ frames }, count)).toEqual(expected);
  });
  it('are rising, within the video, as many as asked for, with the first and the last', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: MAX_FRAMES }), (frames, count) => {
        const indices = sampledFrames({ frames, rate: 25 }, count);
        expect(indices).toHaveLength(Math.min(count, frames));
        indices.slice(1).forEach((index, i) => expect(index).toBeGreaterThan(indices[i] as number));
        if (count > 1) expect([indices[0], indices.at(-1)]).toEqual([0, frames - 1]);
      }),
    );
  });
  it('repeat only where more are spread than there are', () => {
    expect(spreadFrames(2, 5)).toEqual([0, 0, 0, 0, 1]);
  });
});

describe('frames by time', () => {
  it('begin with the first and follow at equal distances', () => {
    expect(sampledFrames({ frames: 10, rate: 5 }, { fps: 2, maximum: 50 })).toEqual([0, 2, 5, 7]);
  });
  it('are spread evenly where there would be more than the maximum, or where nothing tells the rate', () => {
    expect(sampledFrames({ frames: 101, rate: 10 }, { fps: 5, maximum: 3 })).toEqual([0, 50, 100]);
    expect(sampledFrames({ frames: 101 }, { fps: 5, maximum: 3 })).toEqual([0, 50, 100]);
  });
  it('are all of them, each once, where more a second are asked for than there are', () => {
    expect(sampledFrames({ frames: 3, rate: 10 }, { fps: 60, maximum: 50 })).toEqual([0, 1, 2]);
  });
  it('are rising, within the video, and not more than the maximum', () => {
    const numbers = {
      frames: fc.integer({ min: 1, max: 10_000 }),
      rate: fc.double({ min: 0.1, max: 240, noNaN: true }),
    };
    const sampling = {
      fps: fc.double({ min: 0.01, max: 500, noNaN: true }),
      maximum: fc.integer({ min: 1, max: 100 }),
    };
    fc.assert(
      fc.property(fc.record(numbers), fc.record(sampling), (length, chosen) => {
        const indices = sampledFrames(length, chosen);
        expect(indices.length).toBeGreaterThanOrEqual(1);
        expect(indices.length).toBeLessThanOrEqual(chosen.maximum);
        indices.slice(1).forEach((index, i) => expect(index).toBeGreaterThan(indices[i] as number));
        expect(indices.at(-1)).toBeLessThan(length.frames);
      }),
    );
  });
});

describe('the mean over videos', () => {
  it('counts what each shows: a short one all it has, one of a known rate as many as it lasts', () => {
    expect(meanFrames([{ frames: 3 }, { frames: 100 }], 8)).toBe((3 + 8) / 2);
    expect(meanFrames([{ frames: 10, rate: 5 }, { frames: 100 }], { fps: 2, maximum: 50 })).toBe((4 + 50) / 2);
    expect(meanFrames([], 8)).toBe(0);
  });
});

describe('what the command line says', () => {
  it.each([
    ['8', 8],
    ['2fps/32', { fps: 2, maximum: 32 }],
    ['0.5fps/4', { fps: 0.5, maximum: 4 }],
  ])('%s', (text, expected) => expect(parseFrames('--frames', text)).toEqual(expected));
  it.each(['', '0', '101', '2.5', 'x', '2fps', '0fps/3', '2fps/0'])('"%s" is refused', (text) => {
    expect(() => parseFrames('--frames', text)).toThrow(InputError);
  });
});
