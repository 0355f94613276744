import type { ModelShape } from './cost.ts';
import { modelSize, PLAIN, type ModelSize } from './model-size.ts';

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

/** LLaVA-1.5-13B: the same tower, Vicuna-13B. */
export const LLAVA_15_13B: ModelShape = {
  vision: LLAVA_15_7B.vision,
  decoder: {
    layers: 40,
    hiddenSize: 5120,
    intermediateSize: 13824,
    heads: 40,
    kvHeads: 40,
    headDim: 128,
    vocabSize: 32000,
  },
};

const llavaSize = (shape: ModelShape): ModelSize =>
  modelSize(shape, {
    ...{ visionLayers: 24, featureLayer: -2, featureSelect: 'default', projectorBias: true, tied: false },
    ...PLAIN,
  });

/** The released models by name. Their sizes are known here; their weights are not. */
export const PAPER_MODELS: ReadonlyMap<string, ModelSize> = new Map([
  ['llava-1.5-7b', llavaSize(LLAVA_15_7B)],
  ['llava-1.5-13b', llavaSize(LLAVA_15_13B)],
]);

/** Rows of llava_v1_5_mix665k, on which LLaVA-1.5 was instruction-tuned. */
export const LLAVA_15_ROWS = 665_298;
