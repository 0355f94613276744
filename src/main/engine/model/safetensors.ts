import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { InputError, codeOf } from '../../../shared/errors.ts';
import { decodeElements } from './host-tensor.ts';
import type { HostTensor } from './host-tensor.ts';
import { headerEnd, parseHeader } from './safetensors-header.ts';
import type { SafetensorsHeader, TensorInfo } from './safetensors-header.ts';
import type { FileTensor, FileVersion } from './weight-tensor.ts';

/** One read call fetches at most this much: the system's limit is just below 2 GiB. */
const READ_CHUNK_BYTES = 2 ** 30;

async function readBytes(handle: FileHandle, start: number, length: number, file: string): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const chunk = Math.min(READ_CHUNK_BYTES, length - done);
    const { bytesRead } = await handle.read(bytes, done, chunk, start + done);
    if (bytesRead === 0) throw new InputError({ file, rule: 'became shorter while it was read' });
    done += bytesRead;
  }
  return bytes.buffer;
}

/** An open safetensors file whose header is checked. Tensors are read one by one, when asked for. `close` it when done. */
export class SafetensorsFile {
  readonly file: string;
  /** Type, shape and place of every tensor, by name. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: ReadonlyMap<string, string>;
  private readonly handle: FileHandle;
  private readonly dataStart: number;
  private readonly version: FileVersion;

  constructor(
    file: string,
    handle: FileHandle,
    header: SafetensorsHeader,
    { dataStart, version }: { dataStart: number; version: FileVersion },
  ) {
    this.file = file;
    this.handle = handle;
    this.tensors = header.tensors;
    this.metadata = header.metadata;
    this.dataStart = dataStart;
    this.version = version;
  }

  get names(): string[] {
    return [...this.tensors.keys()];
  }

  /** Type and shape of a tensor; an `InputError` where the file has none of that name. */
  info(name: string): TensorInfo {
    const tensor = this.tensors.get(name);
    if (!tensor) throw new InputError({ file: this.file, field: name, rule: 'no such tensor in the file' });
    return tensor;
  }

  /** A tensor of floats, to be read when it is used, also once this is closed; an `InputError` where it is none. */
  tensor(name: string): FileTensor {
    const { dtype, shape, start } = this.info(name);
    if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16' && dtype !== 'F64')
      throw new InputError({ file: this.file, field: name, value: dtype, rule: 'must hold floating-point numbers' });
    return { shape, dtype, file: this.file, start: this.dataStart + start, version: this.version };
  }

  /** A tensor as float32, whatever it is stored as: halves are exact, doubles and integers above 2^24 are rounded. */
  async read(name: string): Promise<HostTensor> {
    const { shape } = this.info(name);
    const elements = await this.elements(name);
    const data =
      elements instanceof Float32Array ? elements : Float32Array.from(elements as ArrayLike<number | bigint>, Number);
    return { shape, data };
  }

  /** A tensor of integers or booleans as 32-bit integers; an `InputError` where it is of floats or a value does not fit. */
  async readIntegers(name: string): Promise<{ readonly shape: readonly number[]; readonly data: Int32Array }> {
    const { shape, dtype } = this.info(name);
    const elements = await this.elements(name);
    if (elements instanceof Float32Array || elements instanceof Float64Array)
      throw new InputError({ file: this.file, field: name, value: dtype, rule: 'must hold integers' });
    const data = Int32Array.from(elements as ArrayLike<number | bigint>, Number);
    const changed = elements.findIndex((value: number | bigint, index: number) => Number(value) !== data[index]);
    if (changed >= 0)
      throw new InputError({
        file: this.file,
        field: `${name}[${changed}]`,
        value: String(elements[changed]),
        rule: 'must fit into 32 bits',
      });
    return { shape, data };
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private async elements(name: string): Promise<ReturnType<typeof decodeElements>> {
    const { dtype, start, end } = this.info(name);
    return decodeElements(await readBytes(this.handle, this.dataStart + start, end - start, this.file), dtype);
  }
}

async function openChecked(handle: FileHandle, file: string): Promise<SafetensorsFile> {
  const { size, mtimeMs } = await handle.stat();
  const prefix = Buffer.from(await readBytes(handle, 0, Math.min(8, size), file));
  const dataStart = headerEnd(prefix, size, file);
  const header = new Uint8Array(await readBytes(handle, 8, dataStart - 8, file));
  const place = { dataStart, version: { size, mtimeMs } };
  return new SafetensorsFile(file, handle, parseHeader(header, size - dataStart, file), place);
}

/**
 * Opens a safetensors file and checks its whole header; no tensor is read yet. Throws an `InputError` that names the
 * file, the tensor and the rule where the file breaks the format.
 */
export async function readSafetensors(file: string): Promise<SafetensorsFile> {
  const found = await stat(file).catch((error: unknown) => {
    throw new InputError({ file, rule: `cannot be opened (${codeOf(error)})` }, { cause: error });
  });
  // A named pipe would block at opening, a folder fails only at reading.
  if (!found.isFile()) throw new InputError({ file, rule: 'must be a file' });
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw new InputError({ file, rule: `cannot be opened (${codeOf(error)})` }, { cause: error });
  });
  try {
    return await openChecked(handle, file);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** All tensors of a file of floats by name, none read yet. */
export async function openTensors(file: string): Promise<Map<string, FileTensor>> {
  const opened = await readSafetensors(file);
  try {
    return new Map(opened.names.map((name) => [name, opened.tensor(name)]));
  } finally {
    await opened.close();
  }
}

/** All tensors of a file as float32, by name. */
export async function readAllTensors(file: string): Promise<Map<string, HostTensor>> {
  const opened = await readSafetensors(file);
  try {
    const tensors = new Map<string, HostTensor>();
    for (const name of opened.names) tensors.set(name, await opened.read(name));
    return tensors;
  } finally {
    await opened.close();
  }
}
