import { differentiable } from '../autograd.ts';
import { batchMatMul, type MatMulFlags } from '../kernels.ts';
import { withPrecision } from '../precision.ts';
import type { Tensor } from '../tensorflow.ts';

/** In float32 whatever the precision: most of the factors move values rather than weigh them. */
const exact = (a: Tensor, b: Tensor, flags: MatMulFlags = {}): Tensor =>
  withPrecision('float32', () => batchMatMul(a, b, flags));

/**
 * Weighted sums of rows: y[g, m] = Σₙ weights[g, m, n] · x[g, n]. The weights get no gradient.
 *
 * @param weights [G, M, N] · @param x [G, N, D]
 * @returns [G, M, D]
 */
export function mixRows(weights: Tensor, x: Tensor): Tensor {
  return differentiable(
    [x],
    () => [exact(weights, x), weights],
    (dy, [mixed]) => [exact(mixed as Tensor, dy, { transposeA: true })],
  );
}
