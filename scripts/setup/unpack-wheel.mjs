/** A wheel is a zip file: only the libraries and headers that are used are taken out. */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { formatBytes, startProgress } from './log.mjs';

/** Large buffers: the libraries are 850 MB, and Node's default of 16 kB would cost 50,000 turns of the event loop. */
const CHUNK_BYTES = 1 << 20;
const DEFLATE = 8;

/**
 * The entries of a wheel that begin with one of the prefixes.
 * @param {import('yauzl').ZipFile} zip
 * @param {string[]} prefixes
 */
async function selectEntries(zip, prefixes) {
  const entries = [];
  for await (const entry of zip.eachEntry()) {
    const wanted = prefixes.some((prefix) => entry.fileName.startsWith(prefix));
    if (wanted && !entry.fileName.endsWith('/')) entries.push(entry);
  }
  return entries;
}

/**
 * @param {import('yauzl').ZipFile} zip
 * @param {import('yauzl').Entry} entry
 * @param {string} path
 * @param {(bytes: number) => void} onBytes
 */
async function writeEntry(zip, entry, path, onBytes) {
  await mkdir(dirname(path), { recursive: true });
  const raw = await zip.openReadStreamPromise(entry, { decodeFileData: false });
  // The CUDA wheels hold programs: the upper half of the attributes are Unix permissions.
  const mode = (entry.externalFileAttributes >>> 16) & 0o777 || 0o644;
  const file = createWriteStream(path, { mode, highWaterMark: 4 * CHUNK_BYTES });
  /** @param {AsyncIterable<Buffer>} source */
  async function* counted(source) {
    for await (const chunk of source) {
      onBytes(chunk.length);
      yield chunk;
    }
  }
  if (entry.compressionMethod === DEFLATE) {
    await pipeline(raw, createInflateRaw({ chunkSize: CHUNK_BYTES }), counted, file);
  } else {
    await pipeline(raw, counted, file);
  }
}

/**
 * Unpacks the entries with the given prefixes below `target`, under their own names (yauzl refuses names that lead outside).
 * The wheel's hash has been checked before.
 * @param {string} wheel
 * @param {string[]} prefixes
 * @param {string} target
 * @returns {Promise<Record<string, number>>} size of every file written, by its name in the wheel
 */
export async function unpackWheel(wheel, prefixes, target) {
  // Loaded here and not above: this file is read before the npm packages are installed.
  const yauzl = await import('yauzl');
  const zip = await yauzl.openPromise(wheel, { lazyEntries: true, autoClose: false });
  try {
    const entries = await selectEntries(zip, prefixes);
    const total = entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
    const progress = startProgress(`Unpacking ${entries.length} files`, total);
    let written = 0;
    for (const entry of entries) {
      await writeEntry(zip, entry, join(target, entry.fileName), (bytes) => progress.update((written += bytes)));
    }
    if (written !== total) throw new Error(`unpacked ${formatBytes(written)} of ${formatBytes(total)}`);
    progress.done();
    return Object.fromEntries(entries.map((entry) => [entry.fileName, entry.uncompressedSize]));
  } finally {
    zip.close();
  }
}
