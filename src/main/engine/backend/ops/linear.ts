import type { Tensor } from '../tensorflow.ts';
import { differentiable } from '../autograd.ts';
import { add as addKernel, matMul, mul, sum } from '../kernels.ts';

/**
 * y = x·Wᵀ (+ b). Weights stay as Hugging Face stores them, [out, in].
 *
 * @param x [R, in] · @param weight [out, in] · @param bias [out]
 * @returns [R, out]
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return differentiable(
    bias ? [x, weight, bias] : [x, weight],
    () => {
      const product = matMul(x, weight, { transposeB: true });
      return [bias ? addKernel(product, bias) : product, x];
    },
    (dy, [input], needs) => [
      needs[0] ? matMul(dy, weight) : null,
      needs[1] ? matMul(dy, input as Tensor, { transposeA: true }) : null,
      needs[2] ? sum(dy, 0) : null,
    ],
  );
}

/** y = a + b, same shapes. */
export function add(a: Tensor, b: Tensor): Tensor {
  return differentiable(
    [a, b],
    () => [addKernel(a, b)],
    (dy, _, needs) => [needs[0] ? dy : null, needs[1] ? dy : null],
  );
}

/** y = factor · x, with a scalar tensor that is not trained. */
export function scaleBy(x: Tensor, factor: Tensor): Tensor {
  return differentiable(
    [x],
    () => [mul(x, factor)],
    (dy) => [mul(dy, factor)],
  );
}
