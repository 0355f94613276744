import type { Tensor } from '../backend/tensorflow.ts';

/** The weights of a step, under their Hugging Face names. */
export type Weights = ReadonlyMap<string, Tensor>;

/** Weights below a prefix: called with a name it gives that weight, which must be there. */
export interface ScopedWeights {
  (name: string): Tensor;
  /** A weight that not every model has, such as a bias. */
  readonly optional: (name: string) => Tensor | undefined;
}

/** Looks weights up below a prefix: `scoped(weights, 'language_model.model.layers.3')('mlp.up_proj.weight')`. */
export function scoped(weights: Weights, prefix: string): ScopedWeights {
  const optional = (name: string): Tensor | undefined => weights.get(`${prefix}.${name}`);
  const required = (name: string): Tensor => {
    const tensor = optional(name);
    if (!tensor) throw new Error(`no weight is named ${prefix}.${name}`);
    return tensor;
  };
  return Object.assign(required, { optional });
}
