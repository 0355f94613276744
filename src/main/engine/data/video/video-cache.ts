/** What was found out about videos and decoded from them, in files: a folder for each video as it was then. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';

/** Raised when the same video gives other frames than before. */
const CACHE_VERSION = 1;
/** Beyond, the videos that were used least recently are dropped. */
const LIMIT_BYTES = 4e9;
/** How far the cache is emptied then, and after how much new it is looked at again. */
const [KEPT_SHARE, LOOK_EVERY_BYTES] = [0.9, 64e6];

const root = (): string => cacheFolder('videos');
const used = new Set<string>();
let unlooked = LOOK_EVERY_BYTES;

/** The folder of a video by its path, size and time of change. Where it is there, it counts as used now. */
export function videoFolder(file: string): string {
  const { size, mtimeMs } = statSync(file);
  const key = createHash('sha256')
    .update(JSON.stringify([CACHE_VERSION, file, size, mtimeMs]))
    .digest('hex')
    .slice(0, 32);
  const folder = join(root(), key);
  if (!used.has(folder) && existsSync(folder)) {
    utimesSync(folder, new Date(), new Date());
    used.add(folder);
  }
  return folder;
}

/** Says that so much was written; now and then what is too much is dropped. */
export function noteWritten(bytes: number, limit = LIMIT_BYTES): void {
  unlooked += bytes;
  if (unlooked < LOOK_EVERY_BYTES && limit === LIMIT_BYTES) return;
  unlooked = 0;
  prune(limit);
}

function prune(limit: number): void {
  const folders = readdirSync(root()).map((name) => {
    const path = join(root(), name);
    return { path, bytes: bytesIn(path), usedMs: statSync(path).mtimeMs };
  });
  let total = folders.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= limit) return;
  for (const { path, bytes } of folders.sort((a, b) => a.usedMs - b.usedMs)) {
    if (total <= limit * KEPT_SHARE) return;
    rmSync(path, { recursive: true, force: true });
    used.delete(path);
    total -= bytes;
  }
}

function bytesIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce(
    (sum, { parentPath, name }) => sum + (statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
