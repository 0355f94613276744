import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FULL, parseCompression } from '../../src/shared/compression.ts';
import { paperFlops, type ModelShape } from '../../src/shared/cost.ts';
import { decodeFlops, forwardFlops, totalFlops } from '../../src/shared/exact-flops.ts';
import { llava15 } from './llava-1.5-7b.ts';

/** Small enough to count by hand: 4 patches of 12 values, 2 decoder layers with 2 query heads on 1 key head. */
const tiny: ModelShape = {
  vision: { layers: 1, hiddenSize: 3, intermediateSize: 5, imageSize: 4, patchSize: 2, hasClassToken: false },
  decoder: { layers: 2, hiddenSize: 4, intermediateSize: 6, heads: 2, kvHeads: 1, headDim: 2, vocabSize: 10 },
};
const row = { groupLengths: [4], textTokens: 1, headTokens: 1 };

describe('exact FLOPs of a forward pass', () => {
  it('counts every part of a row as by hand', () => {
    expect(forwardFlops(tiny, row, FULL)).toEqual({
      visionPatches: 2 * 4 * 12 * 3,
      visionLinear: 2 * 4 * (4 * 3 * 3 + 2 * 3 * 5),
      visionAttention: 2 * (2 * 4 * 4 * 3),
      projectorFirst: 2 * 4 * 3 * 4,
      projectorSecond: 2 * 4 * 4 * 4,
      // q and o: 4x4; k and v: 4x2; gate, up and down: 4x6; 5 tokens in each of 2 layers
      decoderLinear: 2 * 5 * 2 * (2 * 16 + 2 * 8 + 3 * 24),
      decoderAttention: 2 * 2 * (2 * 5 * 5 * 4),
      lmHead: 2 * 1 * 4 * 10,
    });
  });

  it('runs compressed layers on fewer tokens and everything before the decoder in full', () => {
    const full = forwardFlops(tiny, row, FULL);
    const compressed = forwardFlops(tiny, row, parseCompression('1/2'));
    expect(compressed).toEqual({
      ...full,
      decoderLinear: 2 * (5 + 3) * (2 * 16 + 2 * 8 + 3 * 24),
      decoderAttention: 2 * (2 * 5 * 5 * 4) + 2 * (2 * 3 * 3 * 4),
    });
  });

  it('runs the projector on what a compressor of features leaves, and counts its map', () => {
    const before = { ...forwardFlops(tiny, row, parseCompression('-1/4')) };
    expect(forwardFlops(tiny, row, parseCompression('-1/4:pixel-shuffle'))).toEqual({
      ...before,
      // 1 token with 4 · 3 channels to 3, and then through the projector
      projectorFirst: 2 * (4 * 3) * 3 + 2 * 3 * 4,
      projectorSecond: 2 * 4 * 4,
    });
    expect(before.projectorFirst).toBe(2 * 4 * 3 * 4);
  });

  it('counts causal attention as the pairs that are not masked', () => {
    expect(forwardFlops(tiny, row, FULL, { attention: 'causal' }).decoderAttention).toBe(2 * 4 * 15 * 4);
  });

  it('leaves the tower out where features are cached', () => {
    const parts = forwardFlops(tiny, row, FULL, { cachedFeatures: true });
    expect([parts.visionPatches, parts.visionLinear, parts.visionAttention]).toEqual([0, 0, 0]);
    expect(parts.projectorFirst).toBeGreaterThan(0);
  });

  it('needs no tower and no projector for text', () => {
    const parts = forwardFlops(tiny, { groupLengths: [], textTokens: 5, headTokens: 1 }, FULL);
    expect(parts).toMatchObject({ visionPatches: 0, visionLinear: 0, projectorFirst: 0, projectorSecond: 0 });
    expect(parts.decoderLinear).toBe(forwardFlops(tiny, row, FULL).decoderLinear);
  });

  it('agrees with the paper on the linear layers of a decoder without grouped-query attention', () => {
    const exact = forwardFlops(llava15, { groupLengths: [576], textTokens: 62, headTokens: 1 }, FULL).decoderLinear;
    expect(exact).toBe(
      paperFlops(
        llava15.decoder,
        Array.from({ length: 32 }, () => 576),
        62,
      ),
    );
  });

  it('never costs more compressed than full', () => {
    const setting = fc.record({ layer: fc.integer({ min: -1, max: 31 }), stride: fc.integer({ min: 2, max: 64 }) });
    const total = (text: string): number =>
      totalFlops(
        forwardFlops(llava15, { groupLengths: [576, 64], textTokens: 40, headTokens: 3 }, parseCompression(text)),
      );
    const full = total('none');
    fc.assert(fc.property(setting, ({ layer, stride }) => void expect(total(`${layer}/${stride}`)).toBeLessThan(full)));
  });
});

describe('exact FLOPs of decoding', () => {
  it('is one token more than the cache holds: prefill of n + 1 = prefill of n + decoding one, under causal counting', () => {
    const prefill = (textTokens: number) =>
      forwardFlops(tiny, { groupLengths: [], textTokens, headTokens: 1 }, FULL, { attention: 'causal' });
    const [five, six] = [prefill(5), prefill(6)];
    expect(decodeFlops(tiny.decoder, [5, 5])).toBe(totalFlops(six) - totalFlops(five) + five.lmHead);
  });

  it('costs less where layers hold a shorter cache', () => {
    expect(decodeFlops(tiny.decoder, [5, 3])).toBe(decodeFlops(tiny.decoder, [5, 5]) - 4 * 2 * 4);
  });
});
