import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { frameNames, mediaPathProblem, type Conversation } from '../../../shared/dataset.ts';
import { DEFAULT_FRAMES, sampledFrames } from '../../../shared/frames.ts';
import { isInside } from '../workspace.ts';

/** A path of a record as that of a file or folder really inside the images folder; undefined for any other. */
async function inside(root: string, path: string): Promise<string | undefined> {
  if (mediaPathProblem(path) !== undefined) return undefined;
  const real = await realpath(join(root, path)).catch(() => undefined);
  return real !== undefined && isInside(real, root) ? real : undefined;
}

/** Frames of a folder, those that training takes where its recipe says nothing else. */
async function framesIn(root: string, path: string, folder: string): Promise<string[]> {
  const names = frameNames(await readdir(folder));
  if (names.length === 0) return [];
  const shown = sampledFrames({ frames: names.length }, DEFAULT_FRAMES).map((index) => names[index] ?? '');
  const files = await Promise.all(shown.map((name) => inside(root, join(path, name))));
  return files.flatMap((file) => file ?? []);
}

/**
 * Real paths of a conversation's pictures: its images, or the frames of its video. Those that lead elsewhere are left out.
 *
 * @param decoded frames of a video file
 * @throws InputError where a video file cannot be decoded
 */
export async function picturePaths(
  images: string,
  { modality, media }: Conversation,
  decoded: (video: string) => Promise<string[]>,
): Promise<string[]> {
  const root = await realpath(images).catch(() => undefined);
  if (root === undefined) return [];
  const framesOf = async (path: string): Promise<string[]> => {
    const real = await inside(root, path);
    if (real === undefined) return [];
    return (await stat(real)).isDirectory() ? framesIn(root, path, real) : decoded(real);
  };
  if (modality === 'video') return (await Promise.all(media.map(framesOf))).flat();
  const files = await Promise.all(media.map((path) => inside(root, path)));
  const isFile = await Promise.all(files.map(async (file) => file !== undefined && (await stat(file)).isFile()));
  return files.flatMap((file, i) => (file !== undefined && isFile[i] ? [file] : []));
}
