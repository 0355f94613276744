import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { FileEntry, FileList } from '../../../shared/api/files.ts';
import { codeOf } from '../../../shared/errors.ts';
import { RequestError } from '../request-error.ts';
import { isInside } from '../workspace.ts';

const DATASET_FILE = /\.jsonl?$/i;
const MOST_ENTRIES = 2000;

/**
 * A path as it is, links followed.
 *
 * @throws RequestError where it lies outside the root or is not there: both say the same, so that nothing is told of
 *   what lies outside
 */
async function pathBelow(root: string, path: string): Promise<string> {
  const base = await realpath(root);
  const real = path.includes('\0') ? undefined : await realpath(join(base, path)).catch(() => undefined);
  if (real !== undefined && isInside(real, base)) return real;
  throw new RequestError(
    404,
    `There is no ${path || 'folder'} below ${root}`,
    'Start the studio with --root to open other folders',
  );
}

async function entryOf(base: string, folder: string, name: string): Promise<FileEntry[]> {
  const absolutePath = join(folder, name);
  const info = await stat(absolutePath).catch(() => undefined);
  const real = await realpath(absolutePath).catch(() => undefined);
  if (!info || real === undefined || !isInside(real, base)) return [];
  const place = { name, path: relative(base, absolutePath), absolutePath };
  if (info.isDirectory()) return [{ ...place, kind: 'folder' }];
  if (!info.isFile() || !DATASET_FILE.test(name)) return [];
  return [{ ...place, kind: 'dataset', bytes: info.size, modifiedAt: info.mtime.toISOString() }];
}

const byKindAndName = (a: FileEntry, b: FileEntry): number =>
  (a.kind === b.kind ? 0 : a.kind === 'folder' ? -1 : 1) || a.name.localeCompare(b.name, 'en', { numeric: true });

/** Folders and conversation files of a folder; hidden ones are left out. @throws RequestError */
export async function listFolder(root: string, path: string): Promise<FileList> {
  const [base, folder] = [await realpath(root), await pathBelow(root, path)];
  const names = await readdir(folder).catch((error: unknown) => {
    throw new RequestError(404, `${folder} cannot be listed (${codeOf(error) ?? ''})`, 'Choose a folder you may read');
  });
  const shown = names.filter((name) => !name.startsWith('.'));
  const entries = await Promise.all(shown.slice(0, MOST_ENTRIES).map((name) => entryOf(base, folder, name)));
  const own = relative(base, folder);
  return {
    ...{ path: own, absolutePath: folder },
    ...(own !== '' && { parent: relative(base, join(folder, '..')) }),
    entries: entries.flat().sort(byKindAndName),
    isCut: shown.length > MOST_ENTRIES,
  };
}
