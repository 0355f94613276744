import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../shared/errors.ts';
import { isAdapterFolder } from '../model/adapter-folder.ts';
import { readConfigJson } from '../model/model-folder.ts';
import { refuseOriginal } from '../model/original-layout.ts';
import { checkpointName } from './checkpoint-format.ts';
import { listCheckpoints } from './checkpoint-read.ts';
import { RUN_FILES } from './run-folder.ts';

/** Refuses the LLaVA authors' layout before anything else is missed in its folder. */
async function refuseOriginalFolder(folder: string): Promise<void> {
  if (existsSync(join(folder, 'config.json')))
    refuseOriginal(await readConfigJson(folder), join(folder, 'config.json'));
}

/**
 * The model folder that a path means, as `locateModelFolder` finds it, in the Hugging Face layout.
 *
 * @throws InputError where there is none, or it is in the LLaVA authors' layout
 */
export async function findModelFolder(path: string): Promise<string> {
  const folder = await locateModelFolder(path);
  await refuseOriginalFolder(folder);
  return folder;
}

/**
 * The model folder that a path means: itself (a Hugging Face folder, or a LoRA adapter), the finished model of a run, or a run's newest checkpoint.
 *
 * @throws InputError where it is none of these
 */
export async function locateModelFolder(path: string): Promise<string> {
  const holdsModel = (folder: string): boolean => existsSync(join(folder, 'config.json')) || isAdapterFolder(folder);
  if (holdsModel(path)) return path;
  const final = join(path, RUN_FILES.final);
  if (holdsModel(final)) return final;
  const checkpoints = join(path, RUN_FILES.checkpoints);
  const [newest] = existsSync(checkpoints) ? await listCheckpoints(checkpoints) : [];
  if (newest) return join(checkpoints, checkpointName(newest));
  throw new InputError({
    file: path,
    rule: 'holds no model: neither config.json nor a run with a model or a checkpoint',
    hint: 'Name a Hugging Face model folder or the folder of a run',
  });
}
