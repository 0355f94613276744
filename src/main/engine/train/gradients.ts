import { Tape } from '../backend/autograd.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import type { Weights } from '../model/weights.ts';

/** A loss and the gradients of the trained weights it depends on, by name. The caller disposes all of them. */
export interface LossAndGradients {
  readonly loss: Tensor;
  readonly gradients: Map<string, Tensor>;
}

/**
 * Runs a loss forward and backward.
 *
 * @param loss computes a scalar from the weights
 * @param trained names whose gradients are wanted; one the loss does not depend on is missing from the result
 */
export function lossAndGradients(
  loss: (weights: Weights) => Tensor,
  weights: Weights,
  trained: readonly string[],
): LossAndGradients {
  const targets = trained.map((name) => weights.get(name) as Tensor);
  const tape = new Tape();
  const tensors = tf.tidy(() => {
    tape.watch(targets);
    try {
      const value = tape.run(() => loss(weights));
      const gradients = tape.gradients(value, targets);
      return { value, ...Object.fromEntries(targets.map((target, i) => [`g${i}`, gradients.get(target) ?? null])) };
    } finally {
      tape.dispose();
    }
  }) as Record<string, Tensor | null> & { value: Tensor };
  const gradients = new Map<string, Tensor>();
  trained.forEach((name, i) => {
    const gradient = tensors[`g${i}`];
    if (gradient) gradients.set(name, gradient);
  });
  return { loss: tensors.value, gradients };
}
