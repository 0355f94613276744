import type { FileHandle } from 'node:fs/promises';
import { FLOAT_BYTES } from '../backend/stored-floats.ts';
import { writeDurably, writeFully } from './durable-file.ts';
import { encodeFloats, type WrittenFloatType } from './float-encoding.ts';
import { decodeElements, sizeOf } from './host-tensor.ts';
import { BYTES_PER_ELEMENT } from './safetensors-header.ts';
import type { Dtype } from './safetensors-header.ts';
import { isInFile, newStaging, storedFloats, type WeightTensor } from './weight-tensor.ts';

/** A tensor to store; the array's type says the element type. Every `HostTensor` is one. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | BigInt64Array | Uint8Array;
}

/** What can be written: tensors in memory, and weights wherever they are, which pass through memory in pieces. */
export type WritableTensor = StoredTensor | WeightTensor;

/** The type of floats in the file; `stored`: each as it is, in memory or in its file. */
export type OutputType = WrittenFloatType | 'stored';

/** Elements that are converted at once. */
const PIECE_ELEMENTS = 2 ** 20;

/** The type a tensor has now. */
function sourceType(tensor: WritableTensor): Dtype {
  if (!('data' in tensor)) return isInFile(tensor) ? tensor.dtype : 'F32';
  const { data } = tensor;
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Int32Array) return 'I32';
  return data instanceof BigInt64Array ? 'I64' : 'U8';
}

const isWeight = (tensor: WritableTensor): tensor is WeightTensor =>
  !('data' in tensor) || tensor.data instanceof Float32Array;

const writtenType = (tensor: WritableTensor, output: OutputType): Dtype =>
  output === 'stored' || !isWeight(tensor) ? sourceType(tensor) : output;

/** A tensor under its name, with the type it will have in the file. */
export interface PlannedTensor {
  readonly name: string;
  readonly tensor: WritableTensor;
  readonly dtype: Dtype;
  readonly bytes: number;
}

/** What becomes of tensors in a file. */
export function planTensors(tensors: ReadonlyMap<string, WritableTensor>, output: OutputType): PlannedTensor[] {
  return [...tensors].map(([name, tensor]) => {
    const dtype = writtenType(tensor, output);
    return { name, tensor, dtype, bytes: sizeOf(tensor.shape) * BYTES_PER_ELEMENT[dtype] };
  });
}

/** As in the reference implementation: the widest elements first, so that every tensor is aligned, then by name. */
function inFileOrder(tensors: readonly PlannedTensor[]): PlannedTensor[] {
  const types = Object.keys(BYTES_PER_ELEMENT);
  const byName = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
  const rank = ({ dtype }: PlannedTensor): number => types.indexOf(dtype);
  return [...tensors].sort((a, b) => rank(a) - rank(b) || byName(a.name, b.name));
}

/** The 8 bytes of the length and the JSON, filled with spaces up to a multiple of 8. */
function encodeHeader(tensors: readonly PlannedTensor[], metadata: ReadonlyMap<string, string>): Buffer {
  const fields: string[] = [];
  const add = (name: string, value: unknown): unknown =>
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
  if (metadata.size > 0) add('__metadata__', Object.fromEntries([...metadata].sort()));
  let start = 0;
  for (const { name, tensor, dtype, bytes } of tensors) {
    add(name, { dtype, shape: tensor.shape, data_offsets: [start, start + bytes] });
    start += bytes;
  }
  const json = Buffer.from(`{${fields.join(',')}}`, 'utf8');
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - 8));
  json.copy(header, 8);
  return header;
}

/** The bytes of a tensor of floats in the type asked for, a piece at a time. */
function* convertedPieces(tensor: WeightTensor, dtype: WrittenFloatType): Generator<Uint8Array> {
  const source = storedFloats(tensor, newStaging());
  const size = sizeOf(tensor.shape);
  const width = FLOAT_BYTES[source.dtype];
  for (let start = 0; start < size; start += PIECE_ELEMENTS) {
    const piece = source.bytes(start * width, Math.min(PIECE_ELEMENTS, size - start) * width);
    if (source.dtype === dtype) yield piece;
    else
      yield encodeFloats(Float32Array.from(decodeElements(piece.slice().buffer, source.dtype) as Float32Array), dtype);
  }
}

async function writeTensor(handle: FileHandle, { tensor, dtype }: PlannedTensor): Promise<void> {
  if (isWeight(tensor)) {
    for (const piece of convertedPieces(tensor, dtype as WrittenFloatType)) await writeFully(handle, piece);
    return;
  }
  const { buffer, byteOffset, byteLength } = tensor.data;
  await writeFully(handle, new Uint8Array(buffer, byteOffset, byteLength));
}

/** Writes planned tensors as one safetensors file, whole or not at all. */
export async function writePlanned(
  file: string,
  tensors: readonly PlannedTensor[],
  metadata: ReadonlyMap<string, string>,
): Promise<void> {
  for (const { name, tensor } of tensors)
    if ('data' in tensor && sizeOf(tensor.shape) !== tensor.data.length)
      throw new RangeError(
        `${name}: ${tensor.data.length} elements do not fill the shape [${tensor.shape.join(', ')}]`,
      );
  const ordered = inFileOrder(tensors);
  await writeDurably(file, async (handle) => {
    await writeFully(handle, encodeHeader(ordered, metadata));
    for (const tensor of ordered) await writeTensor(handle, tensor);
  });
}

/**
 * Writes a safetensors file, byte for byte as the reference implementation would; whole or not at all. Throws a
 * `RangeError` where a tensor's shape and data disagree.
 *
 * @param output type of floats; by default float32
 */
export async function writeSafetensors(
  file: string,
  tensors: ReadonlyMap<string, WritableTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
  output: OutputType = 'F32',
): Promise<void> {
  await writePlanned(file, planTensors(tensors, output), metadata);
}
