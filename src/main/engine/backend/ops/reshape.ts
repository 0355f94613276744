import type { Tensor } from '../tensorflow.ts';
import { differentiable } from '../autograd.ts';
import { reshape } from '../kernels.ts';

/** The same values under another shape; −1 stands for what is left over. */
export function reshapeOp(x: Tensor, shape: readonly number[]): Tensor {
  const before = x.shape;
  return differentiable(
    [x],
    () => [reshape(x, shape)],
    (dy) => [reshape(dy, before)],
  );
}
