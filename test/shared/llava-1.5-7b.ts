import type { ModelShape } from '../../src/shared/cost.ts';

/** LLaVA-1.5-7B: CLIP ViT-L/14-336 up to feature layer −2, Vicuna-7B. */
export const llava15: ModelShape = {
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
