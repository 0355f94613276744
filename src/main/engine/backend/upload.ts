import { halvesInWords, kernel } from './kernel.ts';
import { FLOAT_BYTES, type FloatType, type StoredFloats } from './stored-floats.ts';
import { tf, type Tensor } from './tensorflow.ts';

/** Elements of a large tensor that are on their way at once: few enough to stay in the processor's cache. */
const PIECE_ELEMENTS = 2 ** 18;
/** Halves up to this many are converted into their place at once, which saves a copy. */
const WHOLE_ELEMENTS = 2 ** 22;

/** A tensor's elements as a matrix: what is copied at once is a number of its rows. */
function matrixOf(shape: readonly number[]): { rows: number; columns: number } {
  const [rows = 1, ...rest] = shape.length > 1 ? shape : [1, ...shape];
  return { rows, columns: rest.reduce((a, b) => a * b, 1) };
}

/** The same bytes as 32-bit words, filled up with zeros. Copied only where they do not lie on a word's boundary. */
function wordsOf(bytes: Uint8Array): Int32Array {
  if (bytes.byteOffset % 4 === 0 && bytes.length % 4 === 0) {
    return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  }
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  return new Int32Array(padded.buffer);
}

/** A piece of a tensor as float32 of that shape on the device. */
function piece(dtype: FloatType, bytes: Uint8Array, shape: [number, number]): Tensor {
  if (dtype === 'F64') return tf.tensor(Float32Array.from(new Float64Array(bytes.slice().buffer)), shape);
  const words = wordsOf(bytes);
  if (dtype === 'F32') return tf.tensor(new Float32Array(words.buffer, words.byteOffset, words.length), shape);
  const type = dtype === 'F16' ? 'float16' : 'bfloat16';
  const floats = halvesInWords(tf.tensor(words, [words.length], 'int32'), type);
  const size = shape[0] * shape[1];
  // An odd number of halves does not fill the last word.
  return tf.reshape(floats.size === size ? floats : tf.slice(floats, [0], [size]), shape);
}

/** A float32 tensor of zeros, or of whatever was in the memory. The caller disposes it. */
export function allocate(shape: readonly number[], content: 'zeros' | 'anything'): Tensor {
  const attributes = { dtype: { type: 'float32' }, init: { bool: content === 'zeros' } } as const;
  return tf.tidy(() => kernel('Empty', [tf.tensor1d([...shape], 'int32')], attributes));
}

/** Puts floats into a tensor piece by piece. */
function fill(target: Tensor, source: StoredFloats, rows: number, columns: number): void {
  const { dtype } = source;
  const matrix = tf.reshape(target, [rows, columns]);
  const rowBytes = columns * FLOAT_BYTES[dtype];
  const step = Math.max(1, Math.floor(PIECE_ELEMENTS / columns));
  for (let row = 0; row < rows; row += step) {
    const count = Math.min(step, rows - row);
    tf.tidy(() => {
      const values = piece(dtype, source.bytes(row * rowBytes, count * rowBytes), [count, columns]);
      // Writes into its first input, which shares its memory with `target`.
      kernel('InplaceUpdate', [matrix, tf.range(row, row + count, 1, 'int32'), values], { T: { type: 'float32' } });
    });
  }
}

/**
 * Puts floats on the device as float32: beside the result only a piece of it is in memory. Halves are exact, doubles are
 * rounded. The result shares no memory with its source; the caller disposes it.
 */
export function upload(source: StoredFloats): Tensor {
  const { shape, dtype } = source;
  const { rows, columns } = matrixOf(shape);
  const size = rows * columns;
  return tf.tidy(() => {
    if ((dtype === 'F16' || dtype === 'BF16') && size > 0 && size <= WHOLE_ELEMENTS) {
      const whole = piece(dtype, source.bytes(0, size * FLOAT_BYTES[dtype]), [rows, columns]);
      return tf.reshape(whole, [...shape]);
    }
    const target = allocate(shape, 'anything');
    if (size > 0) fill(target, source, rows, columns);
    return target;
  });
}
