import type { Tensor } from '../backend/tensorflow.ts';
import { linear } from '../backend/ops/linear.ts';
import type { ScopedWeights } from './weights.ts';

/**
 * The linear map `name` of a model: y = x·Wᵀ, plus b where the model has one. Every linear map goes through here.
 *
 * @param x [R, in]
 * @returns [R, out]
 */
export function affine(x: Tensor, w: ScopedWeights, name: string): Tensor {
  return linear(x, w(`${name}.weight`), w.optional(`${name}.bias`));
}
