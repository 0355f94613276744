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
  deleteTensor(id: number): void;
  tensorDataSync(id: number): ArrayBufferView;
  registerFunction?(name: string, graph: Uint8Array, inputs: readonly string[], outputs: readonly string[]): void;
  removeFunction?(name: string): void;
  /** A recorder's own: the same values, with a control dependency on another tensor's op. */
  identityAfter?: (id: number, awaited: number) => TensorMetadata;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
}

/** What tfjs-node knows of a tensor. `values`: not put on the device yet; that happens at its first use. */
interface TensorInfo {
  readonly id: number;
  readonly dtype: number;
  readonly shape: number[];
  readonly values: unknown;
}

type DataId = object;

interface NodeBackend {
  binding: Binding;
  readonly tensorMap: { get(dataId: DataId): TensorInfo };
  write(values: unknown, shape: number[], dtype: string): DataId;
  readSync(dataId: DataId): unknown;
  getInputTensorIds(tensors: readonly Pick<Tensor, 'dataId'>[]): number[];
  createOutputTensor(metadata: TensorMetadata): Tensor;
  executeMultipleOutputs(name: string, attributes: [], inputs: readonly Tensor[], outputs: number): Tensor[];
}

const backend = tf.backend() as unknown as NodeBackend;

export function binding(): Binding {
  return backend.binding;
}

/**
 * Whether the addon was built with our extension. The official prebuilt one is not; then everything runs eagerly, as it
 * does where LLAVOLTA_EXECUTION is `eager`: so the tests run both ways.
 */
export function canRegisterFunctions(): boolean {
  return backend.binding.registerFunction !== undefined && process.env['LLAVOLTA_EXECUTION'] !== 'eager';
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

/** A tensor of what the binding has made; the caller's tidy owns it. */
export function fromMetadata(metadata: TensorMetadata): Tensor {
  return backend.createOutputTensor(metadata);
}

/** Calls a registered function as if it were an op. */
export function callFunction(name: string, inputs: readonly Tensor[], outputs: number): Tensor[] {
  return backend.executeMultipleOutputs(name, [], inputs, outputs);
}

/** What is told of the ways values take to and from the device. */
export interface DataListener {
  /** A tensor is made from values. */
  onWrite: (dataId: DataId) => void;
  /** An op takes a tensor, which is put on the device for it where `isPending`. */
  onUse: (dataId: DataId, info: TensorMetadata, isPending: boolean) => void;
  /** A tensor's values are asked for. */
  onRead: (dataId: DataId, info: TensorMetadata) => void;
}

/** Runs `fn` with some calls of the binding replaced. The binding's properties are read-only, so it is derived from. */
export function withBinding<T>(replaced: Partial<Binding>, listener: DataListener, fn: () => T): T {
  const real = backend.binding;
  const derived = Object.create(real) as Binding;
  for (const [name, value] of Object.entries(replaced)) Object.defineProperty(derived, name, { value });
  backend.binding = derived;
  const stopListening = listen(listener);
  try {
    return fn();
  } finally {
    stopListening();
    backend.binding = real;
  }
}

/** Puts own methods before the backend's inherited ones; the result takes them away again. */
function listen({ onWrite, onUse, onRead }: DataListener): () => void {
  const inherited = Object.getPrototypeOf(backend) as NodeBackend;
  const own: Partial<NodeBackend> = {
    write: (values, shape, dtype) => {
      const dataId = inherited.write.call(backend, values, shape, dtype);
      onWrite(dataId);
      return dataId;
    },
    readSync: (dataId) => {
      onRead(dataId, backend.tensorMap.get(dataId));
      return inherited.readSync.call(backend, dataId);
    },
    getInputTensorIds: (tensors) => {
      // A 64-bit scalar of tfjs's own has no data id.
      const pending = tensors.map(({ dataId }) => dataId && backend.tensorMap.get(dataId).values !== null);
      const ids = inherited.getInputTensorIds.call(backend, tensors);
      tensors.forEach(({ dataId }, i) => {
        if (dataId) onUse(dataId, { ...backend.tensorMap.get(dataId), id: ids[i] as number }, pending[i] as boolean);
      });
      return ids;
    },
  };
  Object.assign(backend, own);
  return () => {
    for (const name of Object.keys(own)) Reflect.deleteProperty(backend, name);
  };
}

/** Names of TensorFlow's DataType enum that occur here. */
const TYPE_NAMES: Readonly<Record<number, string>> = {
  1: 'float32',
  3: 'int32',
  7: 'string',
  9: 'int64',
  10: 'bool',
  14: 'bfloat16',
  20: 'resource',
};

/** `float32 [2, 3]`, for error messages. */
export function typeAndShape({ dtype, shape }: Pick<TensorMetadata, 'dtype' | 'shape'>): string {
  return `${TYPE_NAMES[dtype] ?? `type ${dtype}`} [${shape.join(', ')}]`;
}
