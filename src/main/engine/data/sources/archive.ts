import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { fromBufferPromise, type Entry, type ZipFile } from 'yauzl';
import { InputError } from '../../../../shared/errors.ts';

/** What an archive may hold at most. */
export interface ArchiveLimits {
  readonly entries: number;
  /** Sum of all uncompressed sizes, bytes. */
  readonly bytes: number;
  /** Uncompressed / compressed size of a single entry. */
  readonly ratio: number;
}

/** One file of an archive; directories are left out. */
export interface ArchiveFile {
  readonly name: string;
  /** The whole uncompressed content. */
  read(): Promise<Buffer>;
}

const DEFAULT_LIMITS: ArchiveLimits = { entries: 20_000, bytes: 256 * 2 ** 20, ratio: 200 };
const FILE_TYPE_MASK = 0o170000;
const SYMBOLIC_LINK = 0o120000;

/**
 * The files of a zip archive (a Python wheel is one), one after the other in archive order.
 * @throws InputError for a damaged archive, a path that leaves the target folder, a symbolic link, a name that
 * comes twice, or more entries, bytes or compression than `limits` allows.
 */
export async function* archiveFiles(file: string, limits = DEFAULT_LIMITS): AsyncGenerator<ArchiveFile> {
  const zip = await openArchive(file);
  try {
    refuseWhen(zip.entryCount > limits.entries, file, `must hold at most ${limits.entries} entries`, zip.entryCount);
    const names = new Set<string>();
    let bytes = 0;
    for await (const entry of entriesOf(zip, file)) {
      checkEntry(file, entry, limits);
      refuseWhen(names.has(entry.fileName), file, 'holds an entry twice', entry.fileName);
      names.add(entry.fileName);
      bytes += entry.uncompressedSize;
      refuseWhen(bytes > limits.bytes, file, `must unpack to at most ${limits.bytes} bytes`, bytes);
      if (!entry.fileName.endsWith('/')) {
        yield { name: entry.fileName, read: () => readEntry(zip, entry, file) };
      }
    }
  } finally {
    zip.close();
  }
}

async function openArchive(file: string): Promise<ZipFile> {
  try {
    return await fromBufferPromise(await readFile(file), { validateEntrySizes: true, strictFileNames: true });
  } catch (cause) {
    throw damaged(file, cause);
  }
}

/** yauzl itself refuses absolute names, backslashes and `..` while it walks. */
async function* entriesOf(zip: ZipFile, file: string): AsyncGenerator<Entry> {
  const entries = zip.eachEntry();
  while (true) {
    let next: IteratorResult<Entry>;
    try {
      next = await entries.next();
    } catch (cause) {
      throw damaged(file, cause);
    }
    if (next.done) return;
    yield next.value;
  }
}

function checkEntry(file: string, entry: Entry, limits: ArchiveLimits): void {
  const mode = entry.externalFileAttributes >>> 16;
  refuseWhen((mode & FILE_TYPE_MASK) === SYMBOLIC_LINK, file, 'must not hold symbolic links', entry.fileName);
  refuseWhen(entry.isEncrypted(), file, 'must not be encrypted', entry.fileName);
  const ratio = entry.uncompressedSize / Math.max(1, entry.compressedSize);
  refuseWhen(ratio > limits.ratio, file, `an entry is compressed more than ${limits.ratio} times`, entry.fileName);
}

async function readEntry(zip: ZipFile, entry: Entry, file: string): Promise<Buffer> {
  try {
    const stream: Readable = await zip.openReadStreamPromise(entry);
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } catch (cause) {
    throw damaged(file, cause);
  }
}

function refuseWhen(broken: boolean, file: string, rule: string, value: unknown): void {
  if (broken) throw new InputError({ file, rule, value });
}

function damaged(file: string, cause: unknown): InputError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new InputError({ file, rule: `is not a sound zip archive: ${reason}` }, { cause });
}
