import { describe, expect, it } from 'vitest';
import { flopsByRule } from '../../src/renderer/src/flops-text.ts';

describe('FLOPs by rule', () => {
  it('names each rule that there is a count of', () => {
    const counted = { flopsPaper: 8.26e12, flopsFastv: 3.18e12, flopsPyramidDrop: 3.82e12, flopsExact: 9.1e12 };
    expect(
      flopsByRule(counted)
        .split('\n')
        .map((line) => line.split(':')[0]),
    ).toEqual(['paper', 'FastV', 'PyramidDrop', 'exact']);
  });

  it('leaves out what an earlier version did not count', () => {
    expect(flopsByRule({ flopsPaper: 1e9, flopsExact: 2e9 })).toBe('paper: 1.00\u202fGFLOPs\nexact: 2.00\u202fGFLOPs');
  });
});
