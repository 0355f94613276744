import { describe, expect, it } from 'vitest';
import { parseCompression, visualTokensPerLayer } from '../../src/shared/compression.ts';
import { PAPER_TEXT_TOKENS, fastvFlops, paperFlops, pyramidDropFlops } from '../../src/shared/cost.ts';
import { llava15 } from './llava-1.5-7b.ts';

const visualTokens = (setting: string): number[] => visualTokensPerLayer([576], 32, parseCompression(setting));

describe('paper-compatible FLOPs', () => {
  it.each([
    ['none', 8.26],
    ['2/8', 2.14],
    ['2/4', 3.02],
    ['2/2', 4.77],
    ['16/8', 5.0],
    ['16/4', 5.47],
    ['16/2', 6.4],
  ])('%s costs the %f TFLOPs of Tab. 5', (setting, printed) => {
    const tflops = paperFlops(llava15.decoder, visualTokens(setting), PAPER_TEXT_TOKENS) / 1e12;
    expect(Math.abs(tflops - printed)).toBeLessThan(0.01);
  });
});

describe('other counting rules', () => {
  const small = { ...llava15.decoder, hiddenSize: 2, intermediateSize: 3 };

  it('follows FastV: 4nd² + 2n²d + 2ndm with n = 5, d = 2, m = 3', () => {
    expect(fastvFlops(small, [5])).toBe(4 * 5 * 4 + 2 * 25 * 2 + 2 * 5 * 2 * 3);
  });

  it('follows PyramidDrop: 3.82 TFLOPs for the 576 visual tokens of LLaVA-1.5-7B', () => {
    expect(pyramidDropFlops(llava15.decoder, visualTokens('none')) / 1e12).toBeCloseTo(3.82, 2);
  });
});
