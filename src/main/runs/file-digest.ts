/** SHA-256 of files of any size. A file that did not change is not read again. */
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { FileMemory, fileStamp } from './file-memory.ts';

const CHUNK_BYTES = 4 << 20;
const digests = new FileMemory<string>();

function digestOf(file: string): string {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const descriptor = openSync(file, 'r');
  try {
    for (let size = 0; (size = readSync(descriptor, chunk)) > 0;) hash.update(chunk.subarray(0, size));
  } finally {
    closeSync(descriptor);
  }
  return hash.digest('hex');
}

/** Of a file that can be read. It waits for the whole file: a server calls `rememberSha256` before. */
export function sha256(path: string): string {
  const file = resolve(path);
  const stamp = fileStamp(file);
  return digests.recall(file) ?? digests.keep(file, stamp, digestOf(file));
}

/** Reads a file that is there in the background, so that `sha256` knows it. */
export async function rememberSha256(path: string): Promise<void> {
  const file = resolve(path);
  const stamp = fileStamp(file);
  if (stamp === undefined || digests.recall(file) !== undefined) return;
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: CHUNK_BYTES }), hash);
  digests.keep(file, stamp, hash.digest('hex'));
}
