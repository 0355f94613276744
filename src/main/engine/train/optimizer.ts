import { tf, type Tensor } from '../backend/tensorflow.ts';
import { Variable, type AdamScalars } from '../backend/variable.ts';
import { mul } from '../backend/kernels.ts';
import type { HostTensor } from '../model/host-tensor.ts';
import type { Parameters } from '../model/parameters.ts';
import { storedFloats, type WeightTensor } from '../model/weight-tensor.ts';

export interface AdamWSettings {
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  /** Decoupled decay (Loshchilov & Hutter 2019), on weights of two or more dimensions: not on biases and norms. */
  readonly weightDecay: number;
}

interface Moments {
  readonly m: Variable;
  readonly v: Variable;
}

/** A learning rate for all weights, or for each by its name. */
export type LearningRate = number | ((name: string) => number);

/** AdamW as PyTorch computes it. Owns the moments; dispose it when done. */
export class AdamW {
  private readonly parameters: Parameters;
  private readonly settings: AdamWSettings;
  private readonly moments = new Map<string, Moments>();

  /** @param saved moments under `m/<name>` and `v/<name>`, as `toHost` gives them; absent: zeros */
  constructor(parameters: Parameters, settings: AdamWSettings, saved?: ReadonlyMap<string, WeightTensor>) {
    this.parameters = parameters;
    this.settings = settings;
    for (const name of parameters.trainedNames()) {
      const { shape } = parameters.variable(name);
      const moment = (key: string): Variable => {
        const tensor = saved?.get(key);
        return new Variable(shape, tensor && storedFloats(tensor));
      };
      this.moments.set(name, { m: moment(`m/${name}`), v: moment(`v/${name}`) });
    }
  }

  /**
   * One update in place. No weight may be alive as a tensor.
   *
   * @param gradients by name; a trained weight without one is left as it is
   * @param step updates done before this one
   */
  update(gradients: ReadonlyMap<string, Tensor>, learningRate: LearningRate, step: number): void {
    tf.tidy(() => {
      const scalarsOf = this.scalarsByRate(step + 1);
      for (const [name, gradient] of gradients) {
        const variable = this.parameters.variable(name);
        const { m, v } = this.moments.get(name) as Moments;
        const rate = typeof learningRate === 'number' ? learningRate : learningRate(name);
        if (this.settings.weightDecay > 0 && variable.shape.length > 1) this.decay(variable, rate);
        variable.applyAdam(m, v, gradient, scalarsOf(rate));
      }
    });
  }

  toHost(): Map<string, HostTensor> {
    const tensors = new Map<string, HostTensor>();
    for (const [name, { m, v }] of this.moments) {
      tensors.set(`m/${name}`, { shape: m.shape, data: m.toHost() });
      tensors.set(`v/${name}`, { shape: v.shape, data: v.toHost() });
    }
    return tensors;
  }

  dispose(): void {
    for (const { m, v } of this.moments.values()) {
      m.dispose();
      v.dispose();
    }
    this.moments.clear();
  }

  private decay(variable: Variable, learningRate: number): void {
    const delta = tf.tidy(() => mul(variable.read(), tf.scalar(learningRate * this.settings.weightDecay)));
    variable.subtract(delta);
    delta.dispose();
  }

  /** The scalars of a step for a learning rate; weights of the same rate share them. */
  private scalarsByRate(t: number): (rate: number) => AdamScalars {
    const made = new Map<number, AdamScalars>();
    return (rate) => {
      const scalars = made.get(rate) ?? this.scalars(rate, t);
      made.set(rate, scalars);
      return scalars;
    };
  }

  /** TensorFlow adds ε before the bias correction and PyTorch after it: ε·√(1−β₂ᵗ) makes them equal. */
  private scalars(learningRate: number, t: number): AdamScalars {
    const [beta1, beta2] = this.settings.betas;
    return {
      beta1Power: tf.scalar(beta1 ** t),
      beta2Power: tf.scalar(beta2 ** t),
      learningRate: tf.scalar(learningRate),
      beta1: tf.scalar(beta1),
      beta2: tf.scalar(beta2),
      epsilon: tf.scalar(this.settings.epsilon * Math.sqrt(1 - beta2 ** t)),
    };
  }
}
