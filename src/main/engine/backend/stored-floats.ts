// Nothing here loads TensorFlow: the thread that writes checkpoints uses it too.

/** Element types of weights, by safetensors' names. */
export type FloatType = 'F64' | 'F32' | 'F16' | 'BF16';

/** Floats that lie as little-endian bytes outside TensorFlow: in host memory or in a file. */
export interface StoredFloats {
  readonly shape: readonly number[];
  readonly dtype: FloatType;
  /** So many bytes from `start` on. What comes back is good until the next call, of this or any other tensor. */
  bytes(start: number, length: number): Uint8Array;
}

export const FLOAT_BYTES: Readonly<Record<FloatType, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 };

/** Values in host memory, row-major. Throws a `RangeError` where they do not fill the shape. */
export function hostFloats(shape: readonly number[], values: Float32Array): StoredFloats {
  const size = shape.reduce((a, b) => a * b, 1);
  if (values.length !== size)
    throw new RangeError(`${values.length} elements do not fill the shape [${shape.join(', ')}]`);
  const bytes = (start: number, length: number): Uint8Array =>
    new Uint8Array(values.buffer, values.byteOffset + start, length);
  return { shape, dtype: 'F32', bytes };
}
