import { describe, expect, it } from 'vitest';
import { closest } from '../../src/shared/closest.ts';

describe('closest', () => {
  const names = ['lr', 'warmupRatio', 'batchSize', 'steps'];

  it('finds what was meant', () => {
    expect(closest('batchsize', names)).toBe('batchSize');
    expect(closest('warmup_ratio', names)).toBe('warmupRatio');
    expect(closest('step', names)).toBe('steps');
    expect(closest('lrr', names)).toBe('lr');
  });

  it('prefers the nearest', () => {
    expect(closest('share', ['shape', 'shares', 'share'])).toBe('share');
  });

  it('finds nothing where nothing is near', () => {
    expect(closest('colour', names)).toBeUndefined();
    expect(closest('', names)).toBeUndefined();
  });
});
