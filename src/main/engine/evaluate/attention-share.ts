/**
 * How much attention the text pays to visual tokens (Fig. 1b of the paper): the reason why they can be compressed, and
 * FastV's score for which to keep.
 */
import type { AttentionShape } from '../backend/ops/attention.ts';
import { attentionRows } from '../backend/ops/attention-rows.ts';
import { tf } from '../backend/tensorflow.ts';
import type { SequenceLayout } from '../compressor/sequence-layout.ts';
import type { VisualGroup } from '../data/batch.ts';
import { decode, mergedEmbeddings, trainingLayer, type DeviceBatch, type RunLayer } from '../model/llava.ts';
import type { LlavaConfig } from '../model/config.ts';
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

/** Attention of chosen tokens of every row, from a whole batch's. */
function hostRows(
  { q, k }: Projections,
  asked: readonly (readonly number[])[],
  { rows, paddedLength }: SequenceLayout,
  shape: AttentionShape,
): AttentionRows[] {
  const count = Math.max(1, ...asked.map((queries) => queries.length));
  // Rows with fewer queries ask with their first token again; nobody reads that.
  const flat = rows.flatMap((_, b) => Array.from({ length: count }, (_, i) => b * paddedLength + (asked[b]?.[i] ?? 0)));
  const values = attentionRows(q, k, tf.tensor1d(flat, 'int32'), shape).dataSync() as Float32Array;
  return rows.map(({ length }, b) => {
    const queries = asked[b] ?? [];
    const probabilities = new Float32Array(queries.length * length);
    queries.forEach((_, i) => {
      const start = (b * count + i) * paddedLength;
      probabilities.set(values.subarray(start, start + length), i * length);
    });
    return { queries, probabilities, length };
  });
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
    const listeningLayer: RunLayer = (x, layer, tables, shape, ...rest) => {
      const layout = segments.findLast(({ fromLayer }) => fromLayer <= layer)?.layout;
      if (!layout) throw new Error('every layer is in a segment');
      const w = scoped(weights, `language_model.model.layers.${layer}`);
      tf.tidy(() => {
        const asked = layout.rows.map((_, b) => queriesOf(layout, b));
        found.push(hostRows(projections(x, w, config.text, tables), asked, layout, shape));
      });
      return trainingLayer(x, layer, tables, shape, ...rest);
    };
    decode(mergedEmbeddings(batch, weights, config), batch, weights, config, listeningLayer);
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
