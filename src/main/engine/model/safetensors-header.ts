import { z } from 'zod';
import { InputError } from '../../../shared/errors.ts';
import { parseStrictJson } from './strict-json.ts';
import { validate } from './validate.ts';

/** Bytes per element of the types that are read, by safetensors' names, in the order the reference implementation writes them. */
export const BYTES_PER_ELEMENT = { I64: 8, F64: 8, F32: 4, I32: 4, BF16: 2, F16: 2, U8: 1, BOOL: 1 } as const;
export type Dtype = keyof typeof BYTES_PER_ELEMENT;

/** The limit of the reference implementation: a longer header is taken for an attack. */
export const MAX_HEADER_BYTES = 100_000_000;

/** Where one tensor lies. `start` and `end` count bytes from the end of the header. */
export interface TensorInfo {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order of their bytes. A Map, so that a name such as `__proto__` is a name like any other. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: ReadonlyMap<string, string>;
}

const SUPPORTED = Object.keys(BYTES_PER_ELEMENT).join(', ');
const offset = z.number().int().min(0);
const tensorSchema = z.object({
  dtype: z.custom<Dtype>((given) => typeof given === 'string' && Object.hasOwn(BYTES_PER_ELEMENT, given), {
    error: `must be a supported element type: ${SUPPORTED}`,
  }),
  shape: z.array(offset),
  data_offsets: z.tuple([offset, offset]),
});
const metadataSchema = z.looseObject({});

/**
 * Number of bytes before the tensor data, checked: 8 for the length and the header itself. The length is compared as
 * a 64-bit integer before it becomes a number.
 *
 * @param prefix the first bytes of the file, 8 where it has as many
 * @param fileSize in bytes
 */
export function headerEnd(prefix: Buffer, fileSize: number, file: string): number {
  if (fileSize === 0) throw new InputError({ file, rule: 'is empty, so it is not a safetensors file' });
  if (prefix.length < 8 || fileSize < 8)
    throw new InputError({
      file,
      rule: `is too short for a safetensors file: ${fileSize} bytes, at least 8 are needed`,
    });
  const length = prefix.readBigUInt64LE(0);
  if (length > BigInt(MAX_HEADER_BYTES))
    throw new InputError({
      file,
      field: 'header length',
      value: String(length),
      rule: `must be at most ${MAX_HEADER_BYTES} bytes`,
      hint: 'The file is damaged or not a safetensors file',
    });
  if (length + 8n > BigInt(fileSize))
    throw new InputError({
      file,
      field: 'header length',
      value: String(length),
      rule: `must end inside the file, which has ${fileSize} bytes`,
      hint: 'The download may be incomplete',
    });
  return Number(length) + 8;
}

function checkSize(name: string, { dtype, shape, start, end }: TensorInfo, file: string): void {
  const elements = shape.reduce((product, length) => product * BigInt(length), 1n);
  const bytes = elements * BigInt(BYTES_PER_ELEMENT[dtype]);
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER))
    throw new InputError({ file, field: name, value: shape, rule: 'must have a shape of fewer than 2^53 bytes' });
  if (bytes !== BigInt(end) - BigInt(start))
    throw new InputError({
      file,
      field: name,
      value: [start, end],
      rule: `must span ${bytes} bytes: ${dtype} of shape [${shape.join(', ')}]`,
    });
}

/** The bytes of all tensors must follow one another without overlap or hole and end with the file. */
function checkLayout(tensors: Iterable<readonly [string, TensorInfo]>, dataLength: number, file: string): void {
  let end = 0;
  for (const [name, tensor] of tensors) {
    if (tensor.start < end)
      throw new InputError({
        file,
        field: name,
        value: tensor.start,
        rule: `must not overlap the tensor before it, which ends at ${end}`,
      });
    if (tensor.start > end)
      throw new InputError({
        file,
        field: name,
        value: tensor.start,
        rule: `must start where the tensor before it ends (${end}): holes are not allowed`,
      });
    end = tensor.end;
  }
  if (end > dataLength)
    throw new InputError({
      file,
      rule: `is cut short: its tensors need ${end} bytes, ${dataLength} are there`,
      hint: 'The download may be incomplete',
    });
  if (end < dataLength)
    throw new InputError({ file, rule: `has ${dataLength - end} trailing bytes that belong to no tensor` });
}

function parseMetadata(json: unknown, file: string): Map<string, string> {
  const entries = Object.entries(validate(metadataSchema, json ?? {}, file, '__metadata__'));
  return new Map(entries.map(([key, value]) => [key, validate(z.string(), value, file, `__metadata__.${key}`)]));
}

function parseTensor(name: string, json: unknown, file: string): TensorInfo {
  const { dtype, shape, data_offsets } = validate(tensorSchema, json, file, name);
  const tensor = { dtype, shape, start: data_offsets[0], end: data_offsets[1] };
  checkSize(name, tensor, file);
  return tensor;
}

/**
 * Reads and checks the JSON header by the rules of the reference implementation, and one more: no name twice.
 * Throws an `InputError` that names the file, the tensor and the rule.
 *
 * @param bytes the header, without the 8 bytes of its length
 * @param dataLength bytes of the file behind the header
 */
export function parseHeader(bytes: Uint8Array, dataLength: number, file: string): SafetensorsHeader {
  if (bytes[0] !== '{'.charCodeAt(0)) throw new InputError({ file, field: 'header', rule: 'must start with {' });
  const entries = Object.entries(parseStrictJson(bytes, file, 'header') as Record<string, unknown>);
  const tensors = entries
    .filter(([name]) => name !== '__metadata__')
    .map(([name, json]) => [name, parseTensor(name, json, file)] as const)
    .sort(([, a], [, b]) => a.start - b.start || a.end - b.end);
  const metadata = parseMetadata(entries.find(([name]) => name === '__metadata__')?.[1], file);
  checkLayout(tensors, dataLength, file);
  return { tensors: new Map(tensors), metadata };
}
