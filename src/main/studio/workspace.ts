import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { InputError } from '../../shared/errors.ts';

/** Folders of a workspace. All paths are absolute. */
export interface Workspace {
  readonly folder: string;
  readonly runs: string;
  readonly data: string;
  readonly models: string;
  /** A folder for each study: what was asked, every answer, what was found. */
  readonly studies: string;
  /** Files of the studio itself: queue, library, indexes, uploads, history. All but the notes on runs can be made anew. */
  readonly studio: string;
}

/** Where a workspace keeps what. Nothing is made here. */
export function workspaceOf(folder: string): Workspace {
  const root = resolve(folder);
  const inside = (name: string): string => join(root, name);
  return {
    folder: root,
    runs: inside('runs'),
    data: inside('data'),
    models: inside('models'),
    studies: inside('studies'),
    studio: inside('.llavolta'),
  };
}

/** Whether a path is a folder or lies in it. Both absolute and without links. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** A path as a recipe of this workspace names it: relative where it lies inside. */
export function shownPath(path: string, { folder }: Pick<Workspace, 'folder'>): string {
  return isInside(path, folder) ? relative(folder, path) || '.' : path;
}

/** A path with links followed, as far as it is there. */
async function realPlace(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined || dirname(path) === path) return real ?? path;
  return join(await realPlace(dirname(path)), basename(path));
}

/**
 * An absolute path that may be read or written: below the root or in the workspace, also when links are followed.
 *
 * @param path absolute, or relative to the workspace; need not be there
 * @throws InputError
 */
export async function allowedPath(path: string, { folder }: Pick<Workspace, 'folder'>, root: string): Promise<string> {
  const absolute = resolve(folder, path);
  const places = [root, folder];
  const real = await realPlace(absolute);
  const realPlaces = await Promise.all(places.map(realPlace));
  const isAllowed =
    !path.includes('\0') &&
    places.some((place) => isInside(absolute, place)) &&
    realPlaces.some((place) => isInside(real, place));
  if (isAllowed) return absolute;
  const hint = 'Start the studio with --root to open other folders';
  throw new InputError({ file: absolute, rule: `must lie below ${root}`, hint });
}
