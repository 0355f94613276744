import { describe, expect, it } from 'vitest';
import {
  addPoint,
  changeCompressor,
  changePoint,
  freeLayers,
  readCompression,
  removePoint,
  saidPoints,
  settingName,
} from '../../src/renderer/src/components/compression-input.ts';
import { formatCompression, parseCompression, type Compression } from '../../src/shared/compression.ts';
import type { CompressorName } from '../../src/shared/compressors.ts';

const MODEL = { depth: 6, visualTokens: 64 };
const errorOf = (text: string): string | undefined => {
  const reading = readCompression(text, MODEL);
  return 'error' in reading ? reading.error : undefined;
};
const notation = (compression: Compression): string => formatCompression(compression);

describe('what is typed', () => {
  it('is a setting that fits the model', () => {
    expect(readCompression('1/8', MODEL)).toEqual({ value: parseCompression('1/8') });
    expect(readCompression(' none ', MODEL)).toEqual({ value: [] });
    expect(errorOf('5/64')).toBeUndefined();
  });

  it('or is told the rule it breaks', () => {
    expect(errorOf('1-8')).toMatch(/K\/S/);
    expect(errorOf('6/2')).toMatch(/between -1 and 5/);
    expect(errorOf('1/65')).toMatch(/at most 64/);
    expect(errorOf('1/8+2/9')).toMatch(/at most 8/);
    expect(errorOf('1/2+1/4')).toMatch(/one point per layer/);
  });

  it('is not held against a model that is not known', () => {
    expect(readCompression('31/512')).toEqual({ value: parseCompression('31/512') });
  });
});

describe('points', () => {
  const two = parseCompression('1/2+3/4');

  it('are changed and stay in order', () => {
    expect(notation(changePoint(two, 0, { layer: 5 }))).toBe('3/4+5/2');
    expect(notation(changePoint(two, 1, { stride: 8 }))).toBe('1/2+3/8');
  });

  it('are added behind the last one, else where there is room', () => {
    expect(notation(addPoint(two, 6))).toBe('1/2+3/4+4/2');
    expect(notation(addPoint(parseCompression('5/2'), 6))).toBe('4/2+5/2');
    expect(notation(addPoint([], 6))).toBe('1/2');
    expect(notation(addPoint([], 1))).toBe('0/2');
    const all = parseCompression('-1/2+0/2');
    expect(addPoint(all, 1)).toBe(all);
  });

  it('are removed', () => {
    expect(notation(removePoint(two, 0))).toBe('3/4');
    expect(notation(removePoint(parseCompression('3/4'), 0))).toBe('none');
  });

  it('leave layers free', () => {
    expect(freeLayers(two, 4)).toEqual([-1, 0, 2]);
  });
});

it('calls no compression full', () => {
  expect(settingName('none')).toBe('full');
  expect(settingName('2/8')).toBe('2/8');
});

describe('compressors', () => {
  const changed = (text: string, place: number, compressor: CompressorName): string =>
    notation(changeCompressor(parseCompression(text), place, compressor));

  it('are changed with what they need: a square stride, a layer they can stand before', () => {
    expect(changed('2/8', 0, 'k-means')).toBe('2/8:k-means');
    expect(changed('2/8', 0, 'average-pool-2d')).toBe('2/4:average-pool-2d');
    expect(changed('2/2', 0, 'average-pool-2d')).toBe('2/4:average-pool-2d');
    expect(changed('2/9:random', 0, 'average-pool-2d')).toBe('2/9:average-pool-2d');
    expect(changed('-1/2', 0, 'attention')).toBe('1/2:attention');
  });

  it('do not push another point away', () => {
    expect(changed('-1/2+1/2', 0, 'attention')).toBe('-1/2:attention+1/2');
  });

  it('that cannot stand where a text puts them are read and told', () => {
    expect(saidPoints('0/2:attention')).toEqual([{ layer: 0, stride: 2, compressor: 'attention' }]);
    expect(saidPoints('0/2:attent')).toBeUndefined();
    expect(errorOf('0/2:attention')).toMatch(/must be 1 or more/);
    expect(errorOf('1/25:average-pool-2d')).toMatch(/patch grid, which is 8 × 8/);
  });
});
