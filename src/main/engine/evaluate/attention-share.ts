/**
 * How much attention the text pays to visual tokens (Fig. 1b of the paper): the reason why they can be compressed, and
 * FastV's score for which to keep.
 */
import { tf, type Tensor } from '../backend/tensorflow.ts';
import { add, batchMatMul, gather, mean, reshape, slice, softmax, transpose } from '../backend/kernels.ts';
import type { SequenceLayout } from '../compressor/sequence-layout.ts';
import type { VisualGroup } from '../data/batch.ts';
import { decode, mergedEmbeddings, trainingLayer, type DeviceBatch } from '../model/llava.ts';
import type { LlavaConfig, TextConfig } from '../model/config.ts';
import { projections, type Projections } from '../model/decoder.ts';
import { scoped, type Weights } from '../model/weights.ts';

/** Attention from some tokens of one row to all tokens of it, averaged over heads. */
export interface AttentionRows {
  /** Places of the asking tokens in the row, ascending. */
  readonly queries: readonly number[];
  /** [queries, T], flat; T is the row's length at that layer. */
  readonly probabilities: Float32Array;
  readonly length: number;
}

const HIDDEN = -1e9;

/** [m, h·d] → [h, m, d] */
const heads = (x: Tensor, count: number, headDim: number): Tensor =>
  transpose(reshape(x, [-1, count, headDim]), [1, 0, 2]);

function causalMask(queries: readonly number[], length: number): Tensor {
  const mask = new Float32Array(queries.length * length);
  queries.forEach((query, i) => mask.fill(HIDDEN, i * length + query + 1, (i + 1) * length));
  return tf.tensor(mask, [1, queries.length, length]);
}

/** Attention of one row's queries in one layer; row b starts at token `start`. */
function rowAttention(
  { q, k }: Projections,
  queries: readonly number[],
  start: number,
  length: number,
  { heads: H, kvHeads, headDim }: TextConfig,
): AttentionRows {
  const probabilities = tf.tidy(() => {
    const asked = tf.tensor1d(
      queries.map((query) => start + query),
      'int32',
    );
    const ownQueries = reshape(heads(gather(q, asked), H, headDim), [kvHeads, -1, headDim]); // [kv, g·m, d]
    const ownKeys = heads(slice(k, [start, 0], [length, kvHeads * headDim]), kvHeads, headDim); // [kv, T, d]
    const scores = reshape(batchMatMul(ownQueries, ownKeys, { transposeB: true }), [H, queries.length, length]);
    return mean(softmax(add(scores, causalMask(queries, length))), 0);
  });
  const values = (probabilities.dataSync() as Float32Array).slice();
  probabilities.dispose();
  return { queries, probabilities: values, length };
}

/**
 * Attention of chosen tokens, in every layer.
 *
 * @param queriesOf which tokens of a row ask, given where everything is at that layer
 * @returns one list of rows for each decoder layer
 */
export function attentionByLayer(
  batch: DeviceBatch,
  weights: Weights,
  config: LlavaConfig,
  queriesOf: (layout: SequenceLayout, row: number) => readonly number[],
): AttentionRows[][] {
  const found: AttentionRows[][] = [];
  const { segments } = batch.plan;
  tf.tidy(() => {
    decode(mergedEmbeddings(batch, weights, config), batch, weights, config, (x, layer, tables, ...rest) => {
      const layout = segments.findLast(({ fromLayer }) => fromLayer <= layer)?.layout;
      if (!layout) throw new Error('every layer is in a segment');
      const w = scoped(weights, `language_model.model.layers.${layer}`);
      tf.tidy(() => {
        const states = projections(x, w, config.text, tables);
        const rows = layout.rows.map(({ length }, b) =>
          rowAttention(states, queriesOf(layout, b), b * layout.paddedLength, length, config.text),
        );
        found.push(rows);
      });
      return trainingLayer(x, layer, tables, ...rest);
    });
  });
  return found;
}

/** Attention that a row's queries pay to its visual tokens, averaged over the queries: between 0 and 1. */
export function visualShare({ probabilities, queries, length }: AttentionRows, groups: readonly VisualGroup[]): number {
  let total = 0;
  queries.forEach((_, i) => {
    for (const group of groups) {
      for (let t = group.start; t < group.start + group.length; t++) total += probabilities[i * length + t] as number;
    }
  });
  return total / queries.length;
}
