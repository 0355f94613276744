import { expect, vi } from 'vitest';
import { tf, type Tensor } from '../../src/main/engine/backend/tensorflow.ts';
import type { HostTensor } from '../../src/main/engine/model/host-tensor.ts';
import { toHostTensor, type WeightTensor } from '../../src/main/engine/model/weight-tensor.ts';
import type { Random } from '../../src/shared/random.ts';

/** What a tensor is compared with: numbers row-major under a shape. */
export interface ExpectedTensor {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
  /** float32 if absent. */
  readonly dtype?: 'float32' | 'int32';
}

/** A host tensor of normal numbers. */
export function randomTensor(random: Random, shape: readonly number[], std = 1): HostTensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length: size }, () => std * random.normal()) };
}

/** On the device, kept until disposed: what belongs to a test is not the tape's to free. */
export function onDevice({ shape, data }: HostTensor): Tensor {
  return tf.keep(tf.tensor(data, shape as number[], 'float32'));
}

/** An int32 vector on the device, kept until disposed. */
export function indexVector(values: readonly number[]): Tensor {
  return tf.keep(tf.tensor1d(values as number[], 'int32'));
}

/** Puts tensors on the device for as long as `use` runs, and frees what it makes. */
export function withTensors(inputs: readonly HostTensor[], use: (...tensors: Tensor[]) => void): void {
  const tensors = inputs.map(onDevice);
  try {
    tf.tidy(() => {
      use(...tensors);
    });
  } finally {
    tf.dispose(tensors);
  }
}

/** The values of a tensor, row-major. */
export function valuesOf(tensor: Tensor): number[] {
  return [...tensor.dataSync()];
}

/** ‖a − b‖ / ‖b‖; ‖a‖ where b is 0. */
export function relativeDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += ((a[i] as number) - (b[i] as number)) ** 2;
    norm += (b[i] as number) ** 2;
  }
  return Math.sqrt(norm > 0 ? difference / norm : difference);
}

/** Checks dtype and shape first, then every value: |actual − expected| ≤ tolerance · max(1, |expected|). */
export function expectTensorsClose(actual: Tensor, expected: ExpectedTensor, tolerance = 1e-6): void {
  expect(actual.dtype).toBe(expected.dtype ?? 'float32');
  expect(actual.shape).toEqual(expected.shape);
  const values = actual.dataSync();
  expect(values.length).toBe(expected.data.length);
  const wrong = [...values].flatMap((value, i) => {
    const wanted = expected.data[i] as number;
    const close = Math.abs(value - wanted) <= tolerance * Math.max(1, Math.abs(wanted));
    return close ? [] : [`[${i}]: ${value} instead of ${wanted}`];
  });
  expect(wrong.slice(0, 5), `${wrong.length} of ${values.length} values differ`).toEqual([]);
}

/** The same bits. */
export function expectSameBits(actual: Float32Array | undefined, expected: Float32Array | undefined, name = ''): void {
  const bytes = (array: Float32Array): Buffer => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  if (!actual || !expected) throw new Error(`there is nothing to compare under ${name}`);
  expect(bytes(actual).equals(bytes(expected)), `${name} has other bits`).toBe(true);
}

/** The values of a weight, wherever it is; undefined where there is none of that name. */
export function weightValues(weights: ReadonlyMap<string, WeightTensor>, name: string): Float32Array | undefined {
  const weight = weights.get(name);
  return weight && toHostTensor(weight).data;
}

/** The same names, and the same bits under each. */
export function expectSameTensors(
  actual: ReadonlyMap<string, WeightTensor>,
  expected: ReadonlyMap<string, WeightTensor>,
): void {
  expect([...actual.keys()]).toEqual([...expected.keys()]);
  for (const name of expected.keys()) expectSameBits(weightValues(actual, name), weightValues(expected, name), name);
}

/** Runs `use` twice; the second time it must leave as many tensors as it found. The first may make lasting constants. */
export async function expectNoLeakedTensors(use: () => unknown): Promise<void> {
  await use();
  const before = tf.memory().numTensors;
  await use();
  expect(tf.memory().numTensors - before, 'tensors left over').toBe(0);
}

/** Names of the TensorFlow kernels that `use` runs, in order. */
export function kernelCalls(use: () => unknown): string[] {
  const backend = tf.backend() as unknown as { executeMultipleOutputs(name: string): unknown };
  const spy = vi.spyOn(backend, 'executeMultipleOutputs');
  try {
    use();
    return spy.mock.calls.map(([name]) => name);
  } finally {
    spy.mockRestore();
  }
}
