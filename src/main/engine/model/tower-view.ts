/**
 * What a vision tower thinks of its patches, beside their features: how much attention each one gets, and the keys they
 * are alike by. Both are of the layer that the features come out of, and made only where a compressor asks for them.
 */
import { formatCompression, type Compression, type CompressionPoint } from '../../../shared/compression.ts';
import { InputError } from '../../../shared/errors.ts';
import { ATTENTION_CHUNK } from '../../../shared/attention-chunk.ts';
import { detached } from '../backend/autograd.ts';
import { addN, gather, rangeVector, reshape, scale, slice, sum } from '../backend/kernels.ts';
import { scaleQueries, type AttentionShape } from '../backend/ops/attention.ts';
import { attentionRows } from '../backend/ops/attention-rows.ts';
import { layerNorm } from '../backend/ops/norm.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import type { TowerView } from '../compressor/compressor.ts';
import { compressorNamed } from '../compressor/compressors.ts';
import { affine } from './affine.ts';
import { visionLayersUsed, type LlavaConfig } from './config.ts';
import { visionFeatures } from './vision-encoder.ts';
import type { ScopedWeights, Weights } from './weights.ts';

/** Features [I·N, E] of images, with the tower's view of them where it was asked for. */
export interface TowerOutput extends Partial<TowerView> {
  readonly features: Tensor;
}

/** Whether a compressor of the setting ranks by the tower's view. */
export const readsTower = (compression: Compression): boolean =>
  compression.some(({ compressor }) => compressorNamed(compressor).tower !== undefined);

function towerProblem({ compressor }: CompressionPoint, config: LlavaConfig): string | undefined {
  const needed = compressorNamed(compressor).tower;
  if (needed === undefined) return undefined;
  if (visionLayersUsed(config) === 0)
    return `${compressor} needs features that come out of a layer of the vision tower`;
  if (needed === 'any' || config.vision.family === 'clip') return undefined;
  return `${compressor} ranks by the class token of the vision tower, and the model's (${config.vision.family}) has none`;
}

/** @throws InputError, of a field, where a compressor ranks by what the model's tower has not */
export function checkTower(compression: Compression, config: LlavaConfig, field = 'compression'): void {
  for (const point of compression) {
    const rule = towerProblem(point, config);
    if (rule === undefined) continue;
    const hint = 'Take visionzip, or average-pool';
    throw new InputError({ field, value: formatCompression([point]), rule, hint });
  }
}

/** Attention that all tokens of an image get from the class token, its first: [I, L], mean over heads. */
function classAttention(h: Tensor, k: Tensor, w: ScopedWeights, shape: AttentionShape): Tensor {
  const { batch, length, headDim } = shape;
  const first = tf.range(0, batch * length, length, 'int32');
  const q = scaleQueries(affine(gather(h, first), w, 'self_attn.q_proj'), headDim ** -0.5); // [I, E]
  return reshape(attentionRows(q, k, rangeVector(batch), shape), [batch, length]);
}

/** Attention that all tokens of an image get from all of them, on average: [I, L]. A chunk of the map at a time. */
function meanAttention(h: Tensor, k: Tensor, w: ScopedWeights, shape: AttentionShape): Tensor {
  const { batch, length, headDim } = shape;
  const q = scaleQueries(affine(h, w, 'self_attn.q_proj'), headDim ** -0.5);
  const rows = reshape(rangeVector(batch * length), [batch, length]);
  const chunks = Array.from({ length: Math.ceil(length / ATTENTION_CHUNK) }, (_, i) => i * ATTENTION_CHUNK);
  const sums = chunks.map((from) =>
    tf.tidy(() => {
      const queries = slice(rows, [0, from], [batch, Math.min(ATTENTION_CHUNK, length - from)]);
      return sum(attentionRows(q, k, reshape(queries, [-1]), shape), 1);
    }),
  );
  return scale(addN(sums), 1 / length);
}

/** @param x input of the layer [I·L, E] */
function viewOf(x: Tensor, w: ScopedWeights, shape: AttentionShape, { vision, featureSelect }: LlavaConfig): TowerView {
  const { batch, length, heads, headDim } = shape;
  const h = layerNorm(x, w('layer_norm1.weight'), w('layer_norm1.bias'), vision.layerNormEps);
  const k = affine(h, w, 'self_attn.k_proj');
  const attention = (vision.family === 'clip' ? classAttention : meanAttention)(h, k, w, shape); // [I, L]
  const dropped = featureSelect === 'full' ? 0 : 1;
  const left = length - dropped;
  return {
    attention: reshape(slice(attention, [0, dropped], [batch, left]), [-1]),
    keys: reshape(slice(reshape(k, [batch, length, -1]), [0, dropped, 0], [batch, left, -1]), [-1, heads, headDim]),
  };
}

/**
 * Runs the tower.
 *
 * @param pixels [I, 3, S, S], normalised
 * @param withView whether its view is wanted too; it is off the tape
 * @returns tensors of the caller's
 */
export function towerOutput(pixels: Tensor, weights: Weights, config: LlavaConfig, withView: boolean): TowerOutput {
  let view: TowerView | undefined;
  const listen = (x: Tensor, w: ScopedWeights, shape: AttentionShape): void => {
    // An object of tensors passes through a tidy.
    view = detached(() => tf.tidy(() => ({ ...viewOf(x, w, shape, config) })));
  };
  const { vision, featureSelect } = config;
  const layers = visionLayersUsed(config);
  const features = visionFeatures(pixels, weights, vision, layers, featureSelect, withView ? listen : undefined);
  return { features, ...view };
}
