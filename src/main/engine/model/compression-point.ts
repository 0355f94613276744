/** What the decoder does at a compression point: hands its compressor what it asks for, and takes its result. */
import { detached } from '../backend/autograd.ts';
import type { DeviceArrays } from '../backend/host-arrays.ts';
import type { AttentionShape } from '../backend/ops/attention.ts';
import { attentionRows } from '../backend/ops/attention-rows.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import type { Compressed, CompressorContext, PlannedPoint } from '../compressor/compressor.ts';
import { compressorNamed } from '../compressor/compressors.ts';
import { flatLength } from '../compressor/flat-rows.ts';
import { compressorWeight } from './compressor-weights.ts';
import type { LlavaConfig } from './config.ts';
import { projections, type RotaryTables } from './decoder.ts';
import { scoped, type Weights } from './weights.ts';

/** The tokens between two layers. */
export interface Stream {
  /** [B·T, D] */
  readonly states: Tensor;
  /** Position ids, int32 [B·T]. */
  readonly positions: Tensor;
  /** Whether the states are somebody else's, who disposes them. */
  readonly isBorrowed?: boolean;
}

/** Is shown what a point made of a batch, as long as the step's tidy lasts. */
export type ObservePoint = (planned: PlannedPoint, compressed: Compressed) => void;

/** Those of a plan's arrays that belong to one point. */
export const arraysUnder = (arrays: DeviceArrays, prefix: string): DeviceArrays =>
  Object.fromEntries(
    Object.entries(arrays)
      .filter(([name]) => name.startsWith(`${prefix}/`))
      .map(([name, tensor]) => [name.slice(prefix.length + 1), tensor]),
  );

/** Compresses the stream; its own old states live on only if a tape saved them. */
export function compress(
  { states, positions, isBorrowed }: Stream,
  planned: PlannedPoint,
  arrays: DeviceArrays,
  weights: Weights,
  given: Pick<CompressorContext, 'attention' | 'tower'> = {},
): Compressed {
  const weight = compressorWeight(planned.point, weights);
  const context: CompressorContext = {
    positions,
    rowsAfter: flatLength(planned.after),
    ...given,
    ...(weight && { weight }),
  };
  const compressed = tf.tidy(() => compressorNamed(planned.point.compressor).apply(states, arrays, context));
  if (!isBorrowed && !states.kept && states !== compressed.states) states.dispose();
  return compressed;
}

/** The decoder layer whose attention the point's compressor ranks by, if it does. */
export function attentionLayer({ point }: PlannedPoint): number | undefined {
  const { attentionOf } = compressorNamed(point.compressor);
  if (attentionOf === undefined) return undefined;
  return attentionOf === 'before' ? point.layer - 1 : point.layer;
}

/**
 * Attention that a layer would pay, off the tape.
 *
 * @param states the layer's input [B·T, D]
 * @param queries int32 [B·Q], the rows that look
 * @returns [B, Q, T], mean over heads; the enclosing tidy's
 */
export function layerAttention(
  states: Tensor,
  queries: Tensor,
  layer: number,
  { tables, shape }: { readonly tables: RotaryTables; readonly shape: AttentionShape },
  { weights, config }: { readonly weights: Weights; readonly config: LlavaConfig },
): Tensor {
  return detached(() =>
    tf.tidy(() => {
      const { q, k } = projections(
        states,
        scoped(weights, `language_model.model.layers.${layer}`),
        config.text,
        tables,
      );
      return attentionRows(q, k, queries, shape);
    }),
  );
}
