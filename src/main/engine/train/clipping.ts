import { tf, type Tensor } from '../backend/tensorflow.ts';
import { addN, l2Loss, mul, scale, sqrt } from '../backend/kernels.ts';

/** Keeps the factor finite where all gradients are zero, as PyTorch's `clip_grad_norm_` does. */
const NORM_EPSILON = 1e-6;

/** √Σ of all squares over all gradients, a scalar the caller disposes. */
export function globalNorm(gradients: ReadonlyMap<string, Tensor>): Tensor {
  return tf.tidy(() => {
    if (gradients.size === 0) return tf.scalar(0);
    return sqrt(scale(addN([...gradients.values()].map(l2Loss)), 2));
  });
}

/**
 * Scales all gradients by min(1, maxNorm / (norm + 1e-6)), replacing (and freeing) the tensors in the map.
 *
 * @param norm their global norm, already read
 */
export function clipByGlobalNorm(gradients: Map<string, Tensor>, norm: number, maxNorm: number): void {
  const factor = maxNorm / (norm + NORM_EPSILON);
  if (factor >= 1) return;
  const factorTensor = tf.scalar(factor);
  for (const [name, gradient] of gradients) {
    gradients.set(name, mul(gradient, factorTensor));
    gradient.dispose();
  }
  factorTensor.dispose();
}
