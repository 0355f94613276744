import type { CompressionPoint } from '../../../shared/compression.ts';
import type { CompressorName } from '../../../shared/compressors.ts';
import type { DeviceArrays, HostArrays } from '../backend/host-arrays.ts';
import type { Tensor } from '../backend/tensorflow.ts';
import type { SequenceLayout } from './sequence-layout.ts';

/** What a point does to the lengths of one batch. B rows of T tokens become B rows of T′. */
export interface PlannedPoint {
  readonly point: CompressionPoint;
  readonly before: SequenceLayout;
  /** As `shortened` makes it: text moves up, of each group one token in S is left. */
  readonly after: SequenceLayout;
}

/** What the vision tower thinks of visual tokens, in the layer that their features come out of. Never on the tape. */
export interface TowerView {
  /**
   * [ΣL]: the attention that each token gets, one softmax over all tokens of its image, averaged over heads: from the class
   * token, or on average from all tokens where the tower has none.
   */
  readonly attention: Tensor;
  /** [ΣL, H, d]: their keys in each head. */
  readonly keys: Tensor;
}

/** What the decoder hands to a compressor beside the states; all of it on the device, none but the weight on the tape. */
export interface CompressorContext {
  /** int32 [B·T]: position ids before the point. */
  readonly positions: Tensor;
  /** B·T′ */
  readonly rowsAfter: number;
  /** [B, Q, T]: the attention that the plan's `queries` pay to all tokens, averaged over heads; where it is asked for. */
  readonly attention?: Tensor;
  /** Of the rows of the states; where it is asked for. */
  readonly tower?: TowerView;
  /** [D, S·D]: what the point has learnt; where it has a weight. Before the projector D is the tower's width. */
  readonly weight?: Tensor;
}

/** What a compressor makes of a batch. */
export type Compressed = {
  /** [B·T′, D] */
  readonly states: Tensor;
  /** int32 [B·T′]: position ids from here on. */
  readonly positions: Tensor;
  /** int32 [B·T]: the row after the point that each row before it went into; −1 where it is dropped, and for padding. */
  readonly assignment: Tensor;
};

/**
 * A way to shorten visual tokens just before a decoder layer. It works in two halves so that a training step stays a
 * pure function of tensors: `plan` looks at lengths only, `apply` at values only. How many tokens are left is never its
 * own decision (`pooledLength`), so that all shapes are known beforehand; which ones are may depend on values.
 *
 * Groups never mix, text is never touched, padding never chosen. A compressor knows no model.
 */
export interface Compressor {
  readonly name: CompressorName;
  /**
   * The layer whose attention it ranks by: the one `before` the point, or the one that the point `enters`. Its plan then
   * has `queries`, int32 [B·Q]: the rows of the flat states that look, Q of each row of the batch.
   */
  readonly attentionOf?: 'before' | 'enters';
  /** Whether it ranks by the vision tower: of any make, or by its class token. */
  readonly tower?: 'any' | 'class-token';
  /** Whether it learns a weight for each of its points; the model has it under the point's name. */
  readonly hasWeight?: true;
  /** Whether it counts position ids anew, 0, 1, 2 … in every row; without it text keeps its own. */
  readonly renumbers?: true;
  /** Host half: index arrays for the device. Pure. */
  plan(planned: PlannedPoint): HostArrays;
  /**
   * Device half. Runs in a tidy; gradients flow through the states and the weight alone, what ranks or clusters is off the tape.
   *
   * @param states [B·T, D], the residual stream before the layer's input norm; before the decoder the projector's output,
   *   or its input where the compressor's facts say so
   * @param arrays the plan's arrays
   */
  apply(states: Tensor, arrays: DeviceArrays, context: CompressorContext): Compressed;
}
