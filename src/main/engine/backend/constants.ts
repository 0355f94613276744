import { tf, type Tensor } from './tensorflow.ts';

/**
 * Tensors that never change and live as long as the process: axes, masks, tables of indices. A recorded graph takes
 * their values in; any other tensor it meets from outside must be one of its inputs.
 */
const constants = new Map<string, Tensor>();

/** The constant of that name, made at its first use. The name must say everything that its value depends on. */
export function constant(name: string, make: () => Tensor): Tensor {
  let tensor = constants.get(name);
  if (!tensor) {
    tensor = tf.keep(make());
    constants.set(name, tensor);
  }
  return tensor;
}

/** All constants made so far. */
export function allConstants(): Tensor[] {
  return [...constants.values()];
}
