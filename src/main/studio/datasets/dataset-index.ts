import { open, readFile, stat, type FileHandle } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { brokenSampleSchema } from '../../../shared/dataset.ts';
import {
  columnsIn,
  INDEX_FILES,
  indexHeadSchema,
  type IndexColumns,
  type IndexHead,
} from '../../../shared/dataset-index.ts';
import { InputError } from '../../../shared/errors.ts';
import { readJsonFile } from '../json-file.ts';

/** Reasons of broken samples that are kept in memory. */
const MOST_REASONS = 200_000;

/** A record's bytes as text and, where they are JSON, as a value: a search looks at many texts and reads few. */
export class RawRecord {
  readonly text: string;
  private value: { readonly json: unknown } | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** Undefined where the text is no JSON. */
  get json(): unknown {
    this.value ??= { json: valueOf(this.text) };
    return this.value.json;
  }
}

/** Whether the file is the one that was indexed. */
export async function isCurrent({ file, bytes, mtimeMs }: IndexHead): Promise<'current' | 'changed' | 'missing'> {
  const info = await stat(file).catch(() => undefined);
  if (!info) return 'missing';
  return info.size === bytes && info.mtimeMs === mtimeMs ? 'current' : 'changed';
}

/** index.json of an index; undefined where there is none that this version can read. */
export function readIndexHead(folder: string): Promise<IndexHead | undefined> {
  return readJsonFile(join(folder, INDEX_FILES.head), indexHeadSchema);
}

/** An index in memory: some 30 bytes a record. Texts are read when asked for. Close it when done. */
export class DatasetIndex {
  readonly head: IndexHead;
  readonly columns: IndexColumns;
  private readonly reasons: ReadonlyMap<number, string>;
  private readonly handle: FileHandle;

  private constructor(
    head: IndexHead,
    columns: IndexColumns,
    reasons: ReadonlyMap<number, string>,
    handle: FileHandle,
  ) {
    this.head = head;
    this.columns = columns;
    this.reasons = reasons;
    this.handle = handle;
  }

  /** @throws InputError where index or conversation file are not there */
  static async open(folder: string): Promise<DatasetIndex> {
    const head = await readIndexHead(folder);
    if (!head) throw new InputError({ file: folder, rule: 'holds no index', hint: 'Import the dataset again' });
    const bytes = await readFile(join(folder, INDEX_FILES.columns));
    const own = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    const columns = columnsIn(own, head.records);
    if (!columns)
      throw new InputError({ file: folder, rule: 'holds a damaged index', hint: 'Import the dataset again' });
    const handle = await open(head.file, 'r').catch((cause: unknown) => {
      throw new InputError({ file: head.file, rule: 'cannot be read any more' }, { cause });
    });
    return new DatasetIndex(head, columns, await readReasons(folder), handle);
  }

  /** Why a record is broken; undefined where it is sound. */
  reason(record: number): string | undefined {
    return this.reasons.get(record);
  }

  /** One record. @throws InputError where there is none of that number */
  async read(record: number): Promise<RawRecord> {
    const [found] = await this.readMany(record, record + 1);
    if (!found) throw new InputError({ field: 'sample', value: record, rule: `must be below ${this.head.records}` });
    return found;
  }

  /** Records from `from` to before `to`, read at once: they lie together. */
  async readMany(from: number, to: number): Promise<RawRecord[]> {
    const { starts, lengths } = this.columns;
    const [first, last] = [starts[from], to - 1];
    if (first === undefined || starts[last] === undefined) return [];
    const bytes = Buffer.alloc((starts[last] ?? 0) + (lengths[last] ?? 0) - first);
    await this.handle.read(bytes, 0, bytes.length, first);
    return Array.from({ length: to - from }, (_, i) => {
      const start = (starts[from + i] ?? 0) - first;
      return new RawRecord(bytes.toString('utf8', start, start + (lengths[from + i] ?? 0)));
    });
  }

  /** Records by their numbers, ascending; a page without filters lies together and is read at once. */
  async readSome(records: readonly number[]): Promise<RawRecord[]> {
    const [first = 0, last = -1] = [records[0], records.at(-1)];
    if (last - first === records.length - 1) return this.readMany(first, last + 1);
    return Promise.all(records.map((record) => this.read(record)));
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readReasons(folder: string): Promise<Map<number, string>> {
  const reasons = new Map<number, string>();
  const lines = createInterface({ input: createReadStream(join(folder, INDEX_FILES.broken)), crlfDelay: Infinity });
  for await (const line of lines) {
    const broken = brokenSampleSchema.safeParse(valueOf(line)).data;
    if (broken) reasons.set(broken.index, broken.reason);
    if (reasons.size >= MOST_REASONS) break;
  }
  return reasons;
}
