import type { ModelShape } from './cost.ts';

/** The model of the paper, LLaVA-1.5-7B: CLIP ViT-L/14-336 up to feature layer −2, Vicuna-7B. */
export const LLAVA_15_7B: ModelShape = {
  vision: { layers: 23, hiddenSize: 1024, intermediateSize: 4096, imageSize: 336, patchSize: 14, hasClassToken: true },
  decoder: {
    layers: 32,
    hiddenSize: 4096,
    intermediateSize: 11008,
    heads: 32,
    kvHeads: 32,
    headDim: 128,
    vocabSize: 32000,
  },
};

/** Visual tokens that it makes of an image: 24 × 24. */
export const LLAVA_15_VISUAL_TOKENS = 576;
