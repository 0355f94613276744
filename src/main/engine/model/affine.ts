import type { Tensor } from '../backend/tensorflow.ts';
import { add, linear, scaleBy } from '../backend/ops/linear.ts';
import { LORA_A, LORA_B, LORA_SCALING } from './lora.ts';
import type { ScopedWeights } from './weights.ts';

/**
 * The linear map `name` of a model: y = x·Wᵀ, plus b where the model has one, plus scaling·x·Aᵀ·Bᵀ where it has an
 * adapter. Every linear map goes through here.
 *
 * @param x [R, in]
 * @returns [R, out]
 */
export function affine(x: Tensor, w: ScopedWeights, name: string): Tensor {
  const y = linear(x, w(`${name}.weight`), w.optional(`${name}.bias`));
  const down = w.optional(name + LORA_A); // A [r, in]
  if (!down) return y;
  const narrow = scaleBy(linear(x, down), w(name + LORA_SCALING)); // [R, r]
  return add(y, linear(narrow, w(name + LORA_B)));
}
