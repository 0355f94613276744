import type { Tensor } from '../backend/tensorflow.ts';

/** The weights of a step, under their Hugging Face names. */
export type Weights = ReadonlyMap<string, Tensor>;

/** Looks weights up below a prefix: `scoped(weights, 'language_model.model.layers.3')('mlp.up_proj.weight')`. */
export function scoped(weights: Weights, prefix: string): (name: string) => Tensor {
  return (name) => {
    const tensor = weights.get(`${prefix}.${name}`);
    if (!tensor) throw new Error(`no weight is named ${prefix}.${name}`);
    return tensor;
  };
}
