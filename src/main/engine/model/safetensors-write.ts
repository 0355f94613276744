import { writeDurably, writeFully } from './durable-file.ts';
import { sizeOf } from './host-tensor.ts';
import { BYTES_PER_ELEMENT } from './safetensors-header.ts';
import type { Dtype } from './safetensors-header.ts';

/** A tensor to store; the array's type says the element type. Every `HostTensor` is one. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | BigInt64Array | Uint8Array;
}

function dtypeOf({ data }: StoredTensor): Dtype {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Int32Array) return 'I32';
  return data instanceof BigInt64Array ? 'I64' : 'U8';
}

/** As in the reference implementation: the widest elements first, so that every tensor is aligned, then by name. */
function inFileOrder(tensors: ReadonlyMap<string, StoredTensor>): [string, StoredTensor][] {
  const types = Object.keys(BYTES_PER_ELEMENT);
  const rank = (tensor: StoredTensor): number => types.indexOf(dtypeOf(tensor));
  const byName = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
  return [...tensors].sort(([nameA, a], [nameB, b]) => rank(a) - rank(b) || byName(nameA, nameB));
}

/** The 8 bytes of the length and the JSON, filled with spaces up to a multiple of 8. */
function encodeHeader(tensors: readonly [string, StoredTensor][], metadata: ReadonlyMap<string, string>): Buffer {
  const fields: string[] = [];
  const add = (name: string, value: unknown): unknown =>
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
  if (metadata.size > 0) add('__metadata__', Object.fromEntries([...metadata].sort()));
  let start = 0;
  for (const [name, tensor] of tensors) {
    const end = start + tensor.data.byteLength;
    add(name, { dtype: dtypeOf(tensor), shape: tensor.shape, data_offsets: [start, end] });
    start = end;
  }
  const json = Buffer.from(`{${fields.join(',')}}`, 'utf8');
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - 8));
  json.copy(header, 8);
  return header;
}

/**
 * Writes a safetensors file, byte for byte as the reference implementation would; whole or not at all. Throws a
 * `RangeError` where a tensor's shape and data disagree.
 */
export async function writeSafetensors(
  file: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  for (const [name, { shape, data }] of tensors)
    if (sizeOf(shape) !== data.length)
      throw new RangeError(`${name}: ${data.length} elements do not fill the shape [${shape.join(', ')}]`);
  const ordered = inFileOrder(tensors);
  await writeDurably(file, async (handle) => {
    await writeFully(handle, encodeHeader(ordered, metadata));
    for (const [, { data }] of ordered)
      await writeFully(handle, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  });
}
