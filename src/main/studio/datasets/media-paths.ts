import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { frameNames, mediaPathProblem, type Conversation } from '../../../shared/dataset.ts';
import { isInside } from '../workspace.ts';

/** A path of a record as that of a file or folder really inside the images folder; undefined for any other. */
async function inside(root: string, path: string): Promise<string | undefined> {
  if (mediaPathProblem(path) !== undefined) return undefined;
  const real = await realpath(join(root, path)).catch(() => undefined);
  return real !== undefined && isInside(real, root) ? real : undefined;
}

async function framesOf(root: string, path: string): Promise<string[]> {
  const folder = await inside(root, path);
  if (folder === undefined) return [];
  const names = frameNames(await readdir(folder).catch(() => []));
  const files = await Promise.all(names.map((name) => inside(root, join(path, name))));
  return files.flatMap((file) => file ?? []);
}

/** Real paths of a conversation's pictures: its images, or the frames of its video. Those that lead elsewhere are left out. */
export async function picturePaths(images: string, { modality, media }: Conversation): Promise<string[]> {
  const root = await realpath(images).catch(() => undefined);
  if (root === undefined) return [];
  if (modality === 'video') return (await Promise.all(media.map((path) => framesOf(root, path)))).flat();
  const files = await Promise.all(media.map((path) => inside(root, path)));
  const isFile = await Promise.all(files.map(async (file) => file !== undefined && (await stat(file)).isFile()));
  return files.flatMap((file, i) => (file !== undefined && isFile[i] ? [file] : []));
}
