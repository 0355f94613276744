import { Random } from '../../src/shared/random.ts';
import { IGNORED_LABEL, type EncodedRow, type VisualGroup } from '../../src/main/engine/data/batch.ts';
import type { ClipVisionConfig, LlavaConfig } from '../../src/main/engine/model/config.ts';
import type { HostTensor } from '../../src/main/engine/model/host-tensor.ts';
import { initialiseWeights } from '../../src/main/engine/model/initialise.ts';
import { randomTensor } from './tensors.ts';

/** Stands for every visual token of a row. */
export const IMAGE_TOKEN = 49;

const TINY_CLIP: ClipVisionConfig = {
  family: 'clip',
  hiddenSize: 8,
  intermediateSize: 12,
  layers: 2,
  heads: 2,
  imageSize: 16,
  patchSize: 8,
  activation: 'quick_gelu',
  layerNormEps: 1e-5,
  initializerRange: 0.3,
  initializerFactor: 1,
};

/** 4 visual tokens an image, 3 decoder layers, 3 query heads on 1 key head, everything else as small as it goes. */
export const TINY: LlavaConfig = {
  vision: TINY_CLIP,
  text: {
    family: 'llama',
    hiddenSize: 16,
    intermediateSize: 20,
    layers: 3,
    heads: 4,
    kvHeads: 2,
    headDim: 4,
    vocabSize: 50,
    rmsNormEps: 1e-5,
    ropeTheta: 100,
    ropeScaling: { type: 'default' },
    maxPositions: 512,
    attentionBias: 'none',
    mlpBias: false,
    tieWordEmbeddings: false,
    bosTokenId: 1,
    eosTokenIds: [2],
    padTokenId: null,
    // Large, so that a mistake anywhere shows in the loss.
    initializerRange: 0.4,
  },
  featureLayer: -2,
  featureSelect: 'default',
  imageTokenId: IMAGE_TOKEN,
  projectorActivation: 'gelu',
  projectorBias: true,
};

/** `TINY` with other vision or text settings. */
export function tinyConfig(
  changes: { vision?: Partial<ClipVisionConfig>; text?: Partial<LlavaConfig['text']> } & Partial<
    Omit<LlavaConfig, 'vision' | 'text'>
  > = {},
): LlavaConfig {
  const { vision, text, ...others } = changes;
  return { ...TINY, ...others, vision: { ...TINY_CLIP, ...vision }, text: { ...TINY.text, ...text } };
}

/** Weights of a tiny model; biases and norms too are off their start, so that none can be left out unseen. */
export function tinyWeights(config: LlavaConfig = TINY, seed = 1): Map<string, HostTensor> {
  const weights = initialiseWeights(config, seed);
  for (const [name, { shape, data }] of weights) {
    if (shape.length > 1) continue;
    const noise = randomTensor(Random.from(seed, `tiny/${name}`), shape, 0.1).data;
    weights.set(name, { shape, data: data.map((value, i) => value + (noise[i] as number)) });
  }
  return weights;
}

/** Normal pixels of some images: [I, 3, S, S]. */
export function tinyPixels(images: number, config: LlavaConfig = TINY, seed = 1): Float32Array {
  const { imageSize } = config.vision;
  return randomTensor(Random.from(seed, 'pixels'), [images, 3, imageSize, imageSize]).data;
}

/**
 * An encoded row as one reads it: `1 #4 5 >6 >7` is token 1, an image of 4 visual tokens, token 5, and the supervised
 * tokens 6 and 7.
 */
export function rowOf(text: string, id = text): EncodedRow {
  const tokenIds: number[] = [];
  const labels: number[] = [];
  const groups: VisualGroup[] = [];
  for (const word of text.split(' ')) {
    const value = Number(word.replace(/^[#>]/, ''));
    const [count, token] = word.startsWith('#') ? [value, IMAGE_TOKEN] : [1, value];
    if (word.startsWith('#')) groups.push({ start: tokenIds.length, length: count });
    for (let i = 0; i < count; i++) {
      tokenIds.push(token);
      labels.push(word.startsWith('>') ? token : IGNORED_LABEL);
    }
  }
  return { id, tokenIds: Int32Array.from(tokenIds), labels: Int32Array.from(labels), groups };
}
