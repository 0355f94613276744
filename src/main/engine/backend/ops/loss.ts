import type { Tensor } from '../tensorflow.ts';
import { differentiable } from '../autograd.ts';
import { mul, reshape, sparseCrossEntropy, sum } from '../kernels.ts';

/**
 * Weighted sum of token cross entropies: Σ weightᵢ · −log softmax(logitsᵢ)[targetᵢ].
 * With weights of 1 / (supervised tokens) this is the usual mean; padding rows weigh 0.
 *
 * @param logits [M, V] · @param targets int32 [M] · @param weights float32 [M]
 * @returns a scalar
 */
export function crossEntropy(logits: Tensor, targets: Tensor, weights: Tensor): Tensor {
  return differentiable(
    [logits],
    () => {
      const [losses, dLogits] = sparseCrossEntropy(logits, targets);
      return [sum(mul(losses, weights), 0), dLogits];
    },
    (dy, [dLogits]) => [mul(dLogits as Tensor, reshape(mul(weights, dy), [-1, 1]))],
  );
}
