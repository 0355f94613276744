import { describe, expect, it } from 'vitest';
import {
  close,
  closeGradient,
  closePixels,
  closeRelative,
  closeWeights,
  equal,
  sameText,
} from '../../../../src/main/engine/verify/compare.ts';

describe('comparisons with a reference', () => {
  it('hold every value to an absolute tolerance', () => {
    expect(close([1, 2], [1, 2.5], 0.5)).toMatchObject({ status: 'pass', difference: 0.5 });
    expect(close([1, 2], [1, 2.5], 0.4)).toMatchObject({ status: 'fail', difference: 0.5, tolerance: 0.4 });
  });

  it.each([NaN, Infinity])('never pass %s', (value) => {
    expect(close([0, value], [0, 0], 1).status).toBe('fail');
    expect(close([0, 0], [value, 0], 1).status).toBe('fail');
    expect(closeGradient([0, value], [1, 1]).status).toBe('fail');
    expect(closeWeights([value], [1]).status).toBe('fail');
    expect(closeRelative(value, 1, 1).status).toBe('fail');
    expect(closePixels([value], [1], 1, [1, 1, 1], 1).status).toBe('fail');
  });

  it('fail where the number of values differs', () => {
    expect(close([1], [1, 2], 9)).toMatchObject({
      status: 'fail',
      reason: expect.stringContaining('1 values') as string,
    });
    expect(equal([1, 2], [1]).status).toBe('fail');
    expect(closeGradient([1, 1, 1], [1, 1]).status).toBe('fail');
    expect(closeWeights([1, 1], [1]).status).toBe('fail');
  });

  it('want integers and texts equal', () => {
    expect(equal([1, 2, 3], [1, 0, 0])).toMatchObject({ status: 'fail', difference: 2, tolerance: 0 });
    expect(equal([1], [1]).status).toBe('pass');
    expect(sameText('a', 'b')).toMatchObject({ status: 'fail', reason: '"a" instead of "b"' });
  });

  it('measure a gradient by its norm, a vanishing one absolutely', () => {
    expect(closeGradient([3, 4.004], [3, 4])).toMatchObject({ status: 'pass', measure: 'relative L2 difference' });
    expect(closeGradient([3, 4.01], [3, 4]).status).toBe('fail');
    expect(closeGradient([1e-6], [1e-9])).toMatchObject({ status: 'pass', measure: 'largest absolute difference' });
    expect(closeGradient([2e-5], [0]).status).toBe('fail');
  });

  it('let one weight in a thousand be further off, none far', () => {
    const zeros = new Float32Array(2000);
    const off = (count: number, by: number): Float32Array => Float32Array.from(zeros, (_, i) => (i < count ? by : 0));
    expect(closeWeights(off(2, 5e-5), zeros).status).toBe('pass');
    expect(closeWeights(off(3, 5e-5), zeros)).toMatchObject({
      status: 'fail',
      reason: expect.stringContaining('3 of 2000') as string,
    });
    expect(closeWeights(off(1, 2e-4), zeros).status).toBe('fail');
  });

  it('count pixels in grey levels of their channel', () => {
    const std = [0.5, 0.25, 0.2];
    const level = std.map((value) => 1 / (255 * value));
    const expected = new Float32Array(300);
    const off = (levels: number, count: number): Float32Array =>
      expected.map((_, i) => (i % 100 < count ? levels * (level[Math.floor(i / 100)] as number) : 0));
    expect(closePixels(off(1, 1), expected, 10, std, 0.01)).toMatchObject({ status: 'pass', measure: 'grey levels' });
    expect(closePixels(off(1, 2), expected, 10, std, 0.01).status).toBe('fail');
    expect(closePixels(off(2, 1), expected, 10, std, 0.01).status).toBe('fail');
  });
});
