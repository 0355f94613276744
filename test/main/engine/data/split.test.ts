import { describe, expect, it } from 'vitest';
import { splitSamples } from '../../../../src/main/engine/data/split.ts';

describe('splitSamples', () => {
  it('puts every sample into one part and depends on the seed alone', () => {
    const { train, validation } = splitSamples(103, 0.1, 5);
    expect([train.length, validation.length]).toEqual([93, 10]);
    expect([...train, ...validation].sort((a, b) => a - b)).toEqual(Array.from({ length: 103 }, (_, i) => i));
    expect(splitSamples(103, 0.1, 5)).toEqual({ train, validation });
    expect(splitSamples(103, 0.1, 6).validation).not.toEqual(validation);
  });

  it('holds out nothing for 0 and at least one above', () => {
    expect(splitSamples(5, 0, 1).validation.length).toBe(0);
    expect(splitSamples(5, 0.01, 1).validation.length).toBe(1);
  });

  it('refuses shares that are none', () => {
    for (const share of [-0.1, 1, NaN]) expect(() => splitSamples(10, share, 1)).toThrow('validationShare');
    expect(() => splitSamples(2, 0.9, 1)).toThrow('leaves none');
  });
});
