import { tf, type Tensor } from '../tensorflow.ts';

/** What the binding tells of a tensor; dtype is TensorFlow's enum. */
export interface TensorMetadata {
  readonly id: number;
  readonly dtype: number;
  readonly shape: number[];
}

export interface BindingAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** The calls of tfjs-node's native binding that recording needs, and the two that our extension adds. */
export interface Binding {
  executeOp(op: string, attributes: BindingAttribute[], inputs: number[], outputs: number): TensorMetadata[];
  createTensor(shape: number[], dtype: number, values: ArrayBufferView): number;
  tensorDataSync(id: number): ArrayBufferView;
  registerFunction?(name: string, graph: Uint8Array, inputs: readonly string[], outputs: readonly string[]): void;
  removeFunction?(name: string): void;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
}

interface NodeBackend {
  binding: Binding;
  readonly tensorMap: { get(dataId: object): { readonly id: number; readonly dtype: number } };
  getInputTensorIds(tensors: readonly Tensor[]): number[];
  executeMultipleOutputs(name: string, attributes: [], inputs: readonly Tensor[], outputs: number): Tensor[];
}

const backend = tf.backend() as unknown as NodeBackend;

export function binding(): Binding {
  return backend.binding;
}

/** Whether the addon was built with our extension. The official prebuilt one is not; then everything runs eagerly. */
export function canRegisterFunctions(): boolean {
  return backend.binding.registerFunction !== undefined;
}

/** The binding's view of tensors; puts values on the device that tfjs has not put there yet. */
export function metadataOf(tensors: readonly Tensor[]): TensorMetadata[] {
  const ids = backend.getInputTensorIds(tensors);
  return tensors.map((tensor, i) => ({
    id: ids[i] as number,
    dtype: backend.tensorMap.get(tensor.dataId).dtype,
    shape: [...tensor.shape],
  }));
}

/** Calls a registered function as if it were an op. */
export function callFunction(name: string, inputs: readonly Tensor[], outputs: number): Tensor[] {
  return backend.executeMultipleOutputs(name, [], inputs, outputs);
}

/** Runs `fn` with some calls of the binding replaced. The binding's properties are read-only, so it is derived from. */
export function withBinding<T>(replaced: Partial<Binding>, fn: () => T): T {
  const real = backend.binding;
  const derived = Object.create(real) as Binding;
  for (const [name, value] of Object.entries(replaced)) Object.defineProperty(derived, name, { value });
  backend.binding = derived;
  try {
    return fn();
  } finally {
    backend.binding = real;
  }
}
