import { projectedLengths, visualTokensPerLayer, type Compression } from './compression.ts';
import { COMPRESSOR_FACTS } from './compressors.ts';
import type { DecoderShape, ModelShape, VisionShape } from './cost.ts';
import { sum } from './sum.ts';

/**
 * How many attention scores count per query: `square` takes every pair of positions, which is what kernels without a
 * causal short cut compute and what others count; `causal` takes only positions not after the query.
 */
export type AttentionCount = 'square' | 'causal';

/** Exact FLOPs (2 per multiply-add) of one row by part. Norms, activations, softmax, rotary embedding, pooling and padding are not counted: below 1 %. */
export interface FlopsByPart {
  readonly visionPatches: number;
  readonly visionLinear: number;
  readonly visionAttention: number;
  /** With the map of a compressor that folds channels in front of it. */
  readonly projectorFirst: number;
  readonly projectorSecond: number;
  readonly decoderLinear: number;
  readonly decoderAttention: number;
  readonly lmHead: number;
}

/** One row (sample) of a batch as its cost depends on it. */
export interface RowTokens {
  /** Visual tokens of each image or frame before compression. */
  readonly groupLengths: readonly number[];
  readonly textTokens: number;
  /** Positions the LM head runs on: the supervised ones in training, 1 in prefill. */
  readonly headTokens: number;
}

export interface CountOptions {
  readonly attention?: AttentionCount;
  /** The tower's features come from a cache, so the tower does not run. */
  readonly cachedFeatures?: boolean;
}

function scorePairs(tokens: number, count: AttentionCount): number {
  return count === 'square' ? tokens * tokens : (tokens * (tokens + 1)) / 2;
}

/** Exact FLOPs per token of one decoder layer's linear maps: q, k, v, o and the three of SwiGLU. */
function decoderLinearFlopsPerToken({ hiddenSize, heads, kvHeads, headDim, intermediateSize }: DecoderShape): number {
  return 2 * hiddenSize * (2 * heads * headDim + 2 * kvHeads * headDim + 3 * intermediateSize);
}

/** FLOPs of QKᵀ and of probabilities times V for a number of (query, key) pairs. */
function attentionFlops(pairs: number, width: number): number {
  return 4 * pairs * width;
}

function visionFlops(
  vision: VisionShape,
  images: number,
): Pick<FlopsByPart, 'visionPatches' | 'visionLinear' | 'visionAttention'> {
  const { hiddenSize: width, intermediateSize, layers, patchSize } = vision;
  const patches = Math.floor(vision.imageSize / patchSize) ** 2;
  const tokens = patches + (vision.hasClassToken ? 1 : 0);
  return {
    visionPatches: images * 2 * patches * (3 * patchSize * patchSize) * width,
    visionLinear: images * layers * tokens * 2 * (4 * width * width + 2 * width * intermediateSize),
    visionAttention: images * layers * attentionFlops(tokens * tokens, width),
  };
}

/** FLOPs of taking S·E channels to E, for each token that is left: of every feature E channels to E. */
function foldFlops(features: number, width: number, compression: Compression): number {
  return compression.some(({ compressor }) => COMPRESSOR_FACTS[compressor].foldsChannels)
    ? 2 * features * width * width
    : 0;
}

/**
 * Exact FLOPs of one row's forward pass at a compression setting, by part.
 *
 * @throws InputError where the setting does not fit the decoder or the row.
 */
export function forwardFlops(
  model: ModelShape,
  row: RowTokens,
  compression: Compression,
  options: CountOptions = {},
): FlopsByPart {
  const { decoder, vision } = model;
  const towerImages = options.cachedFeatures ? 0 : row.groupLengths.length;
  const features = sum(row.groupLengths);
  const projected = sum(projectedLengths(row.groupLengths, compression));
  const tokens = visualTokensPerLayer(row.groupLengths, decoder.layers, compression).map((n) => n + row.textTokens);
  const pairs = sum(tokens.map((n) => scorePairs(n, options.attention ?? 'square')));
  return {
    ...visionFlops(vision, towerImages),
    projectorFirst:
      2 * projected * vision.hiddenSize * decoder.hiddenSize + foldFlops(features, vision.hiddenSize, compression),
    projectorSecond: 2 * projected * decoder.hiddenSize * decoder.hiddenSize,
    decoderLinear: sum(tokens) * decoderLinearFlopsPerToken(decoder),
    decoderAttention: attentionFlops(pairs, decoder.heads * decoder.headDim),
    lmHead: 2 * row.headTokens * decoder.hiddenSize * decoder.vocabSize,
  };
}

/** Sum over the parts. */
export function totalFlops(parts: FlopsByPart): number {
  return sum(Object.values(parts));
}

/** Exact FLOPs of decoding one token with `cachedTokensPerLayer` entries in each layer's KV cache. */
export function decodeFlops(decoder: DecoderShape, cachedTokensPerLayer: readonly number[]): number {
  const pairs = sum(cachedTokensPerLayer) + decoder.layers;
  const linear = decoder.layers * decoderLinearFlopsPerToken(decoder);
  return linear + attentionFlops(pairs, decoder.heads * decoder.headDim) + 2 * decoder.hiddenSize * decoder.vocabSize;
}
