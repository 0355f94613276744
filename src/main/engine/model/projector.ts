import { tf, type Tensor } from '../backend/tensorflow.ts';
import { activate } from '../backend/ops/activations.ts';
import { affine } from './affine.ts';
import type { LlavaConfig } from './config.ts';
import { scoped, type Weights } from './weights.ts';

/**
 * LLaVA-1.5's two-layer GELU projector: vision features to decoder embeddings.
 *
 * @param features [R, E]
 * @returns [R, D], owned by the caller
 */
export function project(features: Tensor, weights: Weights, config: LlavaConfig): Tensor {
  const w = scoped(weights, 'multi_modal_projector');
  return tf.tidy(() => affine(activate(affine(features, w, 'linear_1'), config.projectorActivation), w, 'linear_2'));
}
