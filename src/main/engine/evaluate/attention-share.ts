/** Attention that chosen tokens pay, layer by layer: one softmax row for each of them, never the whole map. */
import type { AttentionShape } from '../backend/ops/attention.ts';
import { attentionRows } from '../backend/ops/attention-rows.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import type { SequenceLayout } from '../compressor/sequence-layout.ts';
import type { LlavaConfig } from '../model/config.ts';
import { projections } from '../model/decoder.ts';
import { decode, mergedEmbeddings, trainingLayer, type DeviceBatch, type RunLayer } from '../model/llava.ts';
import { scoped, type Weights } from '../model/weights.ts';

/** What one layer's chosen tokens look at. */
export interface LayerAttention {
  readonly layout: SequenceLayout;
  /** Places of the asking tokens in each row, ascending. */
  readonly asked: readonly (readonly number[])[];
  /** [B, Q, T], mean over heads; a row that asks less often than Q repeats its first token, which nobody reads. The tidy's. */
  readonly probabilities: Tensor;
}

function askedRows(asked: readonly (readonly number[])[], { paddedLength }: SequenceLayout): Int32Array {
  const count = Math.max(1, ...asked.map((queries) => queries.length));
  return Int32Array.from(
    asked.flatMap((queries, b) =>
      Array.from({ length: count }, (_, i) => b * paddedLength + (queries[i] ?? queries[0] ?? 0)),
    ),
  );
}

/**
 * Runs a batch through the decoder and shows the attention of chosen tokens in every layer.
 *
 * @param queriesOf which tokens of each row ask, given where everything is at that layer
 * @param take is called once a layer, in a tidy of its own; tensors are gone when it returns
 */
export function listenToAttention(
  batch: DeviceBatch,
  weights: Weights,
  config: LlavaConfig,
  queriesOf: (layout: SequenceLayout) => readonly (readonly number[])[],
  take: (attention: LayerAttention) => void,
): void {
  const { segments } = batch.plan;
  const listen = (x: Tensor, layer: number, tables: Parameters<RunLayer>[2], shape: AttentionShape): void => {
    const layout = segments.findLast(({ fromLayer }) => fromLayer <= layer)?.layout;
    if (!layout) throw new Error('every layer is in a segment');
    const asked = queriesOf(layout);
    const w = scoped(weights, `language_model.model.layers.${layer}`);
    const { q, k } = projections(x, w, config.text, tables);
    const queries = tf.tensor1d(askedRows(asked, layout), 'int32');
    take({ layout, asked, probabilities: attentionRows(q, k, queries, shape) });
  };
  tf.tidy(() => {
    decode(mergedEmbeddings(batch, weights, config), batch, weights, config, (x, layer, tables, shape, ...rest) => {
      tf.tidy(() => listen(x, layer, tables, shape));
      return trainingLayer(x, layer, tables, shape, ...rest);
    });
  });
}

/** Attention from some tokens of one row to all tokens of it, averaged over heads. */
export interface AttentionRows {
  /** [queries, T], flat; T is the row's length at that layer. */
  readonly probabilities: Float32Array;
  readonly length: number;
}

function hostRows({ layout, asked, probabilities }: LayerAttention): AttentionRows[] {
  const values = probabilities.dataSync() as Float32Array;
  const [, count, width] = probabilities.shape as [number, number, number];
  return layout.rows.map(({ length }, b) => {
    const queries = asked[b] ?? [];
    const own = new Float32Array(queries.length * length);
    queries.forEach((_, i) => {
      const start = (b * count + i) * width;
      own.set(values.subarray(start, start + length), i * length);
    });
    return { probabilities: own, length };
  });
}

/**
 * Attention of chosen tokens to every single token, in every layer: for a few tokens of short rows.
 *
 * @param queriesOf which tokens of a row ask
 * @returns one list of rows for each decoder layer
 */
export function attentionByLayer(
  batch: DeviceBatch,
  weights: Weights,
  config: LlavaConfig,
  queriesOf: (layout: SequenceLayout, row: number) => readonly number[],
): AttentionRows[][] {
  const found: AttentionRows[][] = [];
  const asked = (layout: SequenceLayout): (readonly number[])[] => layout.rows.map((_, b) => queriesOf(layout, b));
  listenToAttention(batch, weights, config, asked, (attention) => found.push(hostRows(attention)));
  return found;
}
