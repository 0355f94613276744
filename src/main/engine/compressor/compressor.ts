import type { CompressorName } from '../../../shared/compression.ts';
import type { DeviceArrays, HostArrays } from '../backend/host-arrays.ts';
import type { Tensor } from '../backend/tensorflow.ts';
import { averagePool } from './average-pool.ts';
import type { SequenceLayout } from './sequence-layout.ts';

/** What one compression point does to one batch, decided on the host before the step. */
export interface CompressionPlan {
  /** The layout from this point on. */
  readonly after: SequenceLayout;
  readonly arrays: HostArrays;
}

/**
 * A way to shorten visual tokens just before a decoder layer. It works in two halves so that a training step stays a
 * pure function of tensors: `plan` looks at lengths only, `apply` at values only.
 */
export interface Compressor {
  readonly name: CompressorName;
  /** Host half: who goes where when every group is shortened by `stride`. Pure. */
  plan(before: SequenceLayout, stride: number): CompressionPlan;
  /**
   * Device half.
   *
   * @param states [B·T, D], the residual stream before the layer's input norm
   * @param arrays the plan's arrays
   * @returns [B·T′, D], owned by the caller's tidy
   */
  apply(states: Tensor, arrays: DeviceArrays): Tensor;
}

const COMPRESSORS: Record<CompressorName, Compressor> = { 'average-pool': averagePool };

export function compressorNamed(name: CompressorName): Compressor {
  return COMPRESSORS[name];
}
