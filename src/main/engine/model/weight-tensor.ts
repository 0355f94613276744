import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { InputError, codeOf } from '../../../shared/errors.ts';
import { FLOAT_BYTES, hostFloats, type FloatType, type StoredFloats } from '../backend/stored-floats.ts';
import { decodeElements, sizeOf, type HostTensor } from './host-tensor.ts';

/** What tells whether a file is still the one whose header was read. */
export interface FileVersion {
  readonly size: number;
  readonly mtimeMs: number;
}

/**
 * A tensor of floats that lies in a file and takes no memory before it is used. It is plain data, so it may go to
 * another thread; every read opens the file anew and fails where that has changed.
 */
export interface FileTensor {
  readonly shape: readonly number[];
  readonly dtype: FloatType;
  readonly file: string;
  /** First byte in the file. */
  readonly start: number;
  readonly version: FileVersion;
}

/** A tensor that is computed from others when it is used, and not kept. */
export interface ComputedTensor {
  readonly shape: readonly number[];
  readonly compute: () => Float32Array;
}

/** A weight that is in memory, still in its file, or still to be computed. */
export type WeightTensor = HostTensor | FileTensor | ComputedTensor;

const isComputed = (weight: WeightTensor): weight is ComputedTensor => 'compute' in weight;

export const isInFile = (weight: WeightTensor): weight is FileTensor => 'file' in weight;

/** Fills `into` from a place of an open file. One read call fetches less than 2 GiB at most. */
function readFully(descriptor: number, into: Uint8Array, start: number, file: string): void {
  for (let done = 0; done < into.length;) {
    const read = readSync(descriptor, into, done, Math.min(2 ** 30, into.length - done), start + done);
    if (read === 0) throw new InputError({ file, rule: 'became shorter while it was read' });
    done += read;
  }
}

function openUnchanged({ file, version }: FileTensor): number {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    throw new InputError({ file, rule: `cannot be opened (${codeOf(error)})` }, { cause: error });
  }
  const { size, mtimeMs } = fstatSync(descriptor);
  if (size === version.size && mtimeMs === version.mtimeMs) return descriptor;
  closeSync(descriptor);
  throw new InputError({ file, rule: 'has changed since its header was read', hint: 'Load the model again' });
}

/** Fills `into` with bytes of a tensor. @throws InputError where the file is gone or another one */
function readBytes(tensor: FileTensor, start: number, into: Uint8Array): void {
  const descriptor = openUnchanged(tensor);
  try {
    readFully(descriptor, into, tensor.start + start, tensor.file);
  } finally {
    closeSync(descriptor);
  }
}

/** Memory that pieces of files pass through: new memory for each would cost more time than reading. */
export interface Staging {
  bytes: Uint8Array;
}
export const newStaging = (): Staging => ({ bytes: new Uint8Array(0) });
const shared = newStaging();

function staged(tensor: FileTensor, start: number, length: number, staging: Staging): Uint8Array {
  if (staging.bytes.length < length) staging.bytes = new Uint8Array(length);
  const into = staging.bytes.subarray(0, length);
  readBytes(tensor, start, into);
  return into;
}

/**
 * A weight's bytes, wherever they are.
 *
 * @param staging own memory for pieces of a file, where one must outlast an `await`; by default it is everybody's
 */
export function storedFloats(weight: WeightTensor, staging: Staging = shared): StoredFloats {
  if (!isInFile(weight)) return hostFloats(weight.shape, toHostTensor(weight).data);
  const { shape, dtype } = weight;
  return { shape, dtype, bytes: (start, length) => staged(weight, start, length, staging) };
}

/** A weight in memory as float32: itself where it is there already. */
export function toHostTensor(weight: WeightTensor): HostTensor {
  if (isComputed(weight)) return { shape: weight.shape, data: weight.compute() };
  if (!isInFile(weight)) return weight;
  const { shape, dtype } = weight;
  const bytes = new Uint8Array(sizeOf(shape) * FLOAT_BYTES[dtype]);
  readBytes(weight, 0, bytes);
  const elements = decodeElements(bytes.buffer, dtype);
  return { shape, data: elements instanceof Float32Array ? elements : Float32Array.from(elements as Float64Array) };
}

/** All weights in memory. */
export function toHostTensors(weights: ReadonlyMap<string, WeightTensor>): Map<string, HostTensor> {
  return new Map([...weights].map(([name, weight]) => [name, toHostTensor(weight)]));
}
