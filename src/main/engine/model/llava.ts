/**
 * LLaVA (Liu et al. 2023) with visual context compression, whole, on one screen:
 *
 *     pixels → vision encoder → projector ┐
 *                         text embeddings ┴→ merge → decoder layers, shortened before layer K → norm → head → loss
 *
 * The model is pure: everything that depends on the data's structure is in the plan, nothing here reads a tensor.
 */
import { checkpoint } from '../backend/autograd.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import { linear } from '../backend/ops/linear.ts';
import { crossEntropy } from '../backend/ops/loss.ts';
import { rmsNorm } from '../backend/ops/norm.ts';
import { concatRows, gatherRows } from '../backend/ops/rows.ts';
import type { DeviceArrays } from '../backend/host-arrays.ts';
import type { AttentionShape } from '../backend/ops/attention.ts';
import { plannedPoint, type BatchPlan, type Segment } from './batch-plan.ts';
import {
  arraysUnder,
  attentionLayer,
  compress,
  layerAttention,
  type ObservePoint,
  type Stream,
} from './compression-point.ts';
import type { LlavaConfig } from './config.ts';
import { decoderLayer, rotaryTables, type RotaryTables } from './decoder.ts';
import { next } from './vision-encoder.ts';
import { visualTokens, type DeviceVision } from './visual-tokens.ts';
import { scoped, type Weights } from './weights.ts';

/** One planned batch on the device. */
export interface DeviceBatch {
  readonly plan: BatchPlan;
  /** The plan's index arrays. */
  readonly arrays: DeviceArrays;
  /** As far as it was computed before; absent in a batch without images. */
  readonly vision?: DeviceVision;
}

/** How a layer is run: training keeps nothing, prefill keeps keys and values. */
export type RunLayer = (
  x: Tensor,
  layer: number,
  tables: RotaryTables,
  shape: AttentionShape,
  weights: Weights,
  config: LlavaConfig,
) => Tensor;

/** A layer as training runs it: nothing is kept. */
export const trainingLayer: RunLayer = (x, layer, tables, shape, weights, { text }) =>
  decoderLayer(x, scoped(weights, `language_model.model.layers.${layer}`), text, tables, shape);

/** As `trainingLayer`, with its inside computed again in the backward pass instead of kept. */
export const checkpointedLayer: RunLayer = (x, layer, tables, shape, weights, config) => {
  const prefix = `language_model.model.layers.${layer}.`;
  const own = [...weights].filter(([name]) => name.startsWith(prefix)).map(([, weight]) => weight);
  const { queries, keys } = tables;
  return checkpoint(x, own, [queries.cos, queries.sin, keys.cos, keys.sin], (state) =>
    trainingLayer(state, layer, tables, shape, weights, config),
  );
};

/** Text embeddings with the visual tokens in their places: [R, D]. */
export function mergedEmbeddings(
  batch: DeviceBatch,
  weights: Weights,
  config: LlavaConfig,
  observe?: ObservePoint,
): Tensor {
  return tf.tidy(() => {
    const { arrays } = batch;
    const table = scoped(weights, 'language_model.model')('embed_tokens.weight');
    const text = gatherRows(table, arrays['tokenIds'] as Tensor);
    const visual = visualTokens(batch, weights, config, observe);
    return visual ? gatherRows(concatRows(text, visual), arrays['mergeSource'] as Tensor) : text;
  });
}

function segmentShape(segment: Segment, { text }: LlavaConfig): AttentionShape {
  const { rows, paddedLength } = segment.layout;
  const { heads, kvHeads, headDim } = text;
  return { batch: rows.length, length: paddedLength, heads, kvHeads, headDim, causal: true };
}

/**
 * Runs all decoder layers, compressing where the plan says. Call it in a `tf.tidy`.
 *
 * @param observe is shown what every compression point made of the batch
 * @returns the residual stream after the last layer [R′, D] in the last segment's layout, before the final norm
 */
export function decode(
  embeddings: Tensor,
  { plan, arrays }: DeviceBatch,
  weights: Weights,
  config: LlavaConfig,
  runLayer: RunLayer = trainingLayer,
  observe?: ObservePoint,
): Tensor {
  let stream: Stream = { states: embeddings, positions: arrays['positions'] as Tensor };
  let attention: Tensor | undefined;
  plan.segments.forEach((segment, i) => {
    const planned = plannedPoint(plan, i);
    if (planned) {
      const compressed = compress(stream, planned, arraysUnder(arrays, `point${i}`), weights, {
        ...(attention && { attention }),
      });
      observe?.(planned, compressed);
      stream = compressed;
    }
    const { positions } = stream;
    const stretch = { tables: rotaryTables(positions, config.text), shape: segmentShape(segment, config) };
    const coming = plannedPoint(plan, i + 1);
    const asked = coming && attentionLayer(coming);
    const ask = (layer: number): void => {
      if (layer !== asked) return;
      const queries = arrays[`point${i + 1}/queries`] as Tensor;
      attention = layerAttention(stream.states, queries, layer, stretch, { weights, config });
    };
    const until = coming?.point.layer ?? config.text.layers;
    for (let layer = segment.fromLayer; layer < until; layer++) {
      ask(layer);
      const { tables, shape } = stretch;
      const states = next(stream.states, (state) => runLayer(state, layer, tables, shape, weights, config));
      stream = { states, positions };
    }
    ask(until);
  });
  return stream.states;
}

/** Final norm and output head on some rows of the residual stream: [R′, D] and int32 [M] → logits [M, V]. */
export function headLogits(states: Tensor, rows: Tensor, weights: Weights, { text }: LlavaConfig): Tensor {
  return tf.tidy(() => {
    const w = scoped(weights, 'language_model');
    const picked = rmsNorm(gatherRows(states, rows), w('model.norm.weight'), text.rmsNormEps);
    return linear(picked, w(text.tieWordEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight'));
  });
}

/**
 * The training loss: Σ over supervised tokens of cross entropy / the plan's normaliser. The head runs only where a
 * token is supervised.
 *
 * @returns a scalar the caller disposes
 */
export function llavaLoss(
  batch: DeviceBatch,
  weights: Weights,
  config: LlavaConfig,
  runLayer: RunLayer = trainingLayer,
): Tensor {
  return tf.tidy(() => {
    const states = decode(mergedEmbeddings(batch, weights, config), batch, weights, config, runLayer);
    const { targetRows, targetTokens, targetWeights } = batch.arrays as Record<string, Tensor>;
    const logits = headLogits(states, targetRows as Tensor, weights, config);
    return crossEntropy(logits, targetTokens as Tensor, targetWeights as Tensor);
  });
}
