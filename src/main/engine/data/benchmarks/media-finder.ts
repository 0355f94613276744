import { readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { mediaPathProblem } from '../../../../shared/dataset.ts';
import { InputError } from '../../../../shared/errors.ts';
import type { Placed } from './foreign.ts';

const VIDEO_ENDINGS = ['', '.mp4', '.avi', '.webm', '.mkv', '.mov'];

/** Instead of a path, where a picture that is not there is no reason to refuse. */
export const MISSING = '';

/** Finds the pictures and videos of questions below one folder. */
export class MediaFinder {
  private readonly root: string | undefined;
  /** Names in each folder: asking the system for every picture would be the slowest part. */
  private readonly folders = new Map<string, ReadonlySet<string>>();

  private readonly toleratesMissing: boolean;

  /** @param root undefined where no folder was given */
  constructor(root: string | undefined, toleratesMissing = false) {
    this.root = root;
    this.toleratesMissing = toleratesMissing;
  }

  /** The first of some paths that is there. @throws InputError where none is */
  image(candidates: readonly string[], at: Pick<Placed<unknown>, 'file' | 'field'>): string {
    return this.first(candidates, at, 'picture');
  }

  /**
   * A folder of frames or a video file of that name. ActivityNet's files are called `v_` and the name that its questions
   * give.
   *
   * @throws InputError where neither is there
   */
  video(name: string, at: Pick<Placed<unknown>, 'file' | 'field'>): string {
    const names = [name, `v_${name}`].flatMap((one) => VIDEO_ENDINGS.map((ending) => `${one}${ending}`));
    return this.first(names, at, 'video');
  }

  has(path: string): boolean {
    if (this.root === undefined) return false;
    const folder = posix.dirname(path);
    let names = this.folders.get(folder);
    if (!names) this.folders.set(folder, (names = namesIn(join(this.root, folder))));
    return names.has(posix.basename(path));
  }

  private first(
    candidates: readonly string[],
    { file, field }: Pick<Placed<unknown>, 'file' | 'field'>,
    kind: string,
  ): string {
    const [value = ''] = candidates;
    const problem = candidates.map(mediaPathProblem).find((found) => found !== undefined);
    if (problem !== undefined) throw new InputError({ file, field, value, rule: `its ${kind} ${problem}` });
    const found = candidates.find((path) => this.has(path));
    if (found !== undefined) return found;
    if (this.toleratesMissing) return MISSING;
    const rule = this.root === undefined ? `its ${kind} needs --images` : `its ${kind} is not in ${this.root}`;
    throw new InputError({ file, field, value, rule, hint: 'Give the folder of all pictures with --images' });
  }
}

function namesIn(folder: string): ReadonlySet<string> {
  try {
    return new Set(readdirSync(folder));
  } catch {
    return new Set();
  }
}
