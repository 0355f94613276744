import { tf, type Tensor } from '../backend/tensorflow.ts';
import { Variable } from '../backend/variable.ts';
import type { HostTensor } from './host-tensor.ts';
import { storedFloats, type WeightTensor } from './weight-tensor.ts';
import type { Weights } from './weights.ts';

/** The weights of a model as variables on the device, under their Hugging Face names. Dispose it when done. */
export class Parameters {
  private readonly variables = new Map<string, Variable>();
  private readonly trained: ReadonlySet<string>;

  /**
   * @param weights copied to the device one by one; those in files are never in host memory as a whole
   * @param isTrained which of them an optimizer may change
   */
  constructor(weights: ReadonlyMap<string, WeightTensor>, isTrained: (name: string) => boolean = () => false) {
    for (const [name, weight] of weights) {
      this.variables.set(name, new Variable(weight.shape, storedFloats(weight)));
    }
    this.trained = new Set([...weights.keys()].filter(isTrained));
  }

  /** Names of the trained weights, in the order of the model. */
  trainedNames(): string[] {
    return [...this.trained];
  }

  variable(name: string): Variable {
    const variable = this.variables.get(name);
    if (!variable) throw new Error(`no parameter is named ${name}`);
    return variable;
  }

  /**
   * Runs `use` with all weights as tensors and frees the tensors after it. They share memory with the variables, so
   * none may be in use when a variable is updated.
   */
  withWeights<T>(use: (weights: Weights) => T): T {
    const { weights, release } = this.borrow();
    try {
      return use(weights);
    } finally {
      release();
    }
  }

  /** As `withWeights`, for work that pauses in between, such as answering token by token. `release` frees the tensors. */
  borrow(): { readonly weights: Weights; readonly release: () => void } {
    const weights = new Map<string, Tensor>();
    for (const [name, variable] of this.variables) weights.set(name, tf.keep(variable.read()));
    return { weights, release: () => tf.dispose([...weights.values()]) };
  }

  /** Copies of weights in host memory, in the order of the model; by default of all. */
  toHost(isWanted: (name: string) => boolean = () => true): Map<string, HostTensor> {
    const wanted = [...this.variables].filter(([name]) => isWanted(name));
    return new Map(wanted.map(([name, variable]) => [name, { shape: variable.shape, data: variable.toHost() }]));
  }

  /** Number of trained values. */
  trainedCount(): number {
    const size = (name: string): number => this.variable(name).shape.reduce((a, b) => a * b, 1);
    return this.trainedNames().reduce((total, name) => total + size(name), 0);
  }

  dispose(): void {
    for (const variable of this.variables.values()) variable.dispose();
    this.variables.clear();
  }
}
