import { join, relative, resolve, sep } from 'node:path';

/** Folders of a workspace. All paths are absolute. */
export interface Workspace {
  readonly folder: string;
  readonly runs: string;
  readonly data: string;
  readonly models: string;
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
