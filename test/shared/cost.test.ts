import { describe, expect, it } from 'vitest';
import { parseCompression, visualTokensPerLayer } from '../../src/shared/compression.ts';
import {
  PAPER_TEXT_TOKENS,
  fastvFlops,
  paperFlops,
  publishedFlops,
  publishedPasses,
  pyramidDropFlops,
} from '../../src/shared/cost.ts';
import { LLAVA_15_13B } from '../../src/shared/paper-model.ts';
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

  /** FastV's tables: the mean over the layers, for a picture and, as it turns out, 36 text tokens. K = 2, R = 50 % is 2/2. */
  it.each([
    ['7B', 'none', llava15.decoder, 99.3],
    ['13B', 'none', LLAVA_15_13B.decoder, 154.6],
    ['13B', '2/2', LLAVA_15_13B.decoder, 84.6],
    ['13B', '2/4', LLAVA_15_13B.decoder, 50.2],
  ])('gives what FastV prints for LLaVA-1.5-%s at %s', (_, setting, decoder, printed) => {
    const { flopsFastv } = publishedFlops(
      decoder,
      visualTokensPerLayer([576], decoder.layers, parseCompression(setting)),
      36,
    );
    expect(flopsFastv / decoder.layers / 1e9).toBeCloseTo(printed, 1);
  });

  it('gives what PyramidDrop prints for its four stages: 1.78 TFLOPs', () => {
    expect(pyramidDropFlops(llava15.decoder, visualTokens('8/2+16/2+24/2')) / 1e12).toBeCloseTo(1.78, 2);
  });

  it('counts a small decoder as by hand, whatever its key and value heads', () => {
    const decoder = { ...small, layers: 3, heads: 2, kvHeads: 1, headDim: 1 };
    // 2 · (4·2² + 3·2·3) = 68 a token; 28n + 4n² with n = 6, 6, 3; 34n + 4n² with n = 4, 4, 1.
    expect(publishedFlops(decoder, [4, 4, 1], 2)).toEqual({
      flopsPaper: 68 * 15,
      flopsFastv: 312 + 312 + 120,
      flopsPyramidDrop: 200 + 200 + 38,
    });
  });

  it('takes training for three passes, four where layers are run again', () => {
    expect([false, true].map(publishedPasses)).toEqual([3, 4]);
  });

  it('follows PyramidDrop: 3.82 TFLOPs for the 576 visual tokens of LLaVA-1.5-7B', () => {
    expect(pyramidDropFlops(llava15.decoder, visualTokens('none')) / 1e12).toBeCloseTo(3.82, 2);
  });
});
