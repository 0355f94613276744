/** A model by a path that means it, and its size. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelSize } from '../../../shared/model-size.ts';
import { CHECKPOINT_NAME, RUN_PATHS } from '../runs/run-files.ts';
import { baseFolderOf, holdsModel, isAdapterFolder } from './adapter.ts';
import { readModelSize } from './model-shape.ts';

/**
 * The model folder that a path means, as the engine takes it: itself, or a run's finished model or newest checkpoint. The
 * path itself where there is none.
 *
 * @param path absolute
 */
export async function findModelFolder(path: string): Promise<string> {
  if (holdsModel(path)) return path;
  const { final, checkpoints } = RUN_PATHS;
  if (holdsModel(join(path, final))) return join(path, final);
  const names = await readdir(join(path, checkpoints)).catch(() => []);
  const steps = names.filter((name) => CHECKPOINT_NAME.test(name));
  const newest = steps.sort((a, b) => Number(CHECKPOINT_NAME.exec(b)?.[1]) - Number(CHECKPOINT_NAME.exec(a)?.[1]))[0];
  return newest === undefined ? path : join(path, checkpoints, newest);
}

/**
 * The size of a model folder. An adapter made elsewhere has no configuration of the model beside it: then it is the base
 * model's.
 *
 * @param workspace absolute; an adapter may name its base model relative to it
 * @throws InputError
 */
export async function sizeOfFolder(folder: string, workspace: string): Promise<ModelSize> {
  const hasOwn = existsSync(join(folder, 'config.json')) || !isAdapterFolder(folder);
  return readModelSize(hasOwn ? folder : await baseFolderOf(folder, workspace));
}
