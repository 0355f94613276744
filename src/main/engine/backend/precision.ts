/**
 * The one place that decides how matrix products are computed.
 *
 * In bfloat16 both factors are rounded to 8 bits of mantissa, products are summed in float32 by TensorFlow's kernels, and
 * the result comes back as float32 with 8 bits of mantissa (on a CPU cut off, not rounded). tfjs knows no bfloat16 tensors, so they never leave this file. Weights,
 * gradients, norms, softmax and the optimizer stay float32: only products are fast in bfloat16.
 */
import type { Precision } from '../../../shared/precision.ts';
import { kernel, kernelInBfloat16, type Attribute } from './kernel.ts';
import type { Tensor } from './tensorflow.ts';

let active: Precision = 'float32';

/** Runs `compute` with matrix products in a precision. A recorded function takes it in as it was recorded. */
export function withPrecision<T>(precision: Precision, compute: () => T): T {
  const before = active;
  active = precision;
  try {
    return compute();
  } finally {
    active = before;
  }
}

/** A matrix product of float32 tensors, computed in the active precision. `T` is added to the attributes. */
export function product(op: string, a: Tensor, b: Tensor, attributes: Record<string, Attribute>): Tensor {
  if (active === 'bfloat16') return kernelInBfloat16(op, [a, b], attributes);
  return kernel(op, [a, b], { T: { type: 'float32' }, ...attributes });
}
