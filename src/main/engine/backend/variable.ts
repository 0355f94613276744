import { tf, type Tensor } from './tensorflow.ts';
import { kernel, runKernel } from './kernel.ts';
import { hostFloats, type StoredFloats } from './stored-floats.ts';
import { allocate, upload } from './upload.ts';

let created = 0;

/** A float32 tensor that lives in TensorFlow as a resource variable and is updated in place. */
export class Variable {
  readonly shape: readonly number[];
  private readonly handle: Tensor;

  /** @param values its first values, row-major; zeros where there are none */
  constructor(shape: readonly number[], values?: Float32Array | StoredFloats) {
    this.shape = shape;
    const handle = kernel('VarHandleOp', [], {
      container: { string: '' },
      shared_name: { string: `variable-${process.pid}-${created++}` },
      dtype: { type: 'float32' },
      shape: { shape: [...shape] },
    });
    this.handle = tf.keep(handle);
    if (values) this.assign(values);
    else this.take(allocate(shape, 'zeros'));
  }

  /** The values as a tensor that shares memory with the variable. Dispose it before the next update, or that copies. */
  read(): Tensor {
    return kernel('ReadVariableOp', [this.handle], { dtype: { type: 'float32' } });
  }

  /** Replaces all values by a copy of these, which is the only one that is made. */
  assign(values: Float32Array | StoredFloats): void {
    this.take(upload(values instanceof Float32Array ? hostFloats(this.shape, values) : values));
  }

  /** Makes a tensor's memory the variable's own and disposes the tensor. */
  private take(tensor: Tensor): void {
    try {
      runKernel('AssignVariableOp', [this.handle, tensor], FLOAT_DTYPE, 0);
    } finally {
      tensor.dispose();
    }
  }

  /** In place: value −= delta. */
  subtract(delta: Tensor): void {
    runKernel('AssignSubVariableOp', [this.handle, delta], FLOAT_DTYPE, 0);
  }

  /** In place: value += delta. */
  add(delta: Tensor): void {
    runKernel('AssignAddVariableOp', [this.handle, delta], FLOAT_DTYPE, 0);
  }

  /** A copy of the values in host memory, row-major. */
  toHost(): Float32Array {
    const tensor = this.read();
    try {
      return (tensor.dataSync() as Float32Array).slice();
    } finally {
      tensor.dispose();
    }
  }

  /**
   * One Adam update of this variable and its moments, in place (Kingma & Ba 2015, as TensorFlow's `ResourceApplyAdam`):
   * m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; value ← value − lr·√(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε)
   */
  applyAdam(m: Variable, v: Variable, gradient: Tensor, settings: AdamScalars): void {
    const { beta1Power, beta2Power, learningRate, beta1, beta2, epsilon } = settings;
    const inputs = [m.handle, v.handle, beta1Power, beta2Power, learningRate, beta1, beta2, epsilon, gradient];
    const attributes = { T: { type: 'float32' }, use_locking: { bool: false }, use_nesterov: { bool: false } } as const;
    runKernel('ResourceApplyAdam', [this.handle, ...inputs], attributes, 0);
  }

  dispose(): void {
    runKernel('DestroyResourceOp', [this.handle], { ignore_lookup_error: { bool: true } }, 0);
    this.handle.dispose();
  }
}

/** Scalars of one Adam step, each a float32 tensor; β powers are βᵗ. */
export interface AdamScalars {
  readonly beta1Power: Tensor;
  readonly beta2Power: Tensor;
  readonly learningRate: Tensor;
  readonly beta1: Tensor;
  readonly beta2: Tensor;
  readonly epsilon: Tensor;
}

const FLOAT_DTYPE = { dtype: { type: 'float32' } } as const;
