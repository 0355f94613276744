import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { InputError } from '../../../shared/errors.ts';
import { MANIFEST } from '../../../shared/checkpoint-manifest.ts';
import { checkpointName, positionOf } from '../train/checkpoint-format.ts';
import { listCheckpoints, verifyCheckpoint } from '../train/checkpoint-read.ts';
import { locateModelFolder } from '../train/find-model.ts';
import { RUN_FILES } from '../train/run-folder.ts';

/** What an export is made from. */
export interface ExportSource {
  /** Folder of the model. */
  readonly folder: string;
  /** Folder of the run that made it; none for a model from elsewhere. */
  readonly run?: string;
  /** Optimizer steps that its checkpoint was taken after; none for a finished model. */
  readonly step?: number;
}

const isRun = (folder: string): boolean => existsSync(join(folder, RUN_FILES.record));

async function checkpointOf(run: string, step: number): Promise<string> {
  const checkpoints = join(run, RUN_FILES.checkpoints);
  const name = checkpointName({ step, microBatch: 0 });
  if (existsSync(join(checkpoints, name))) return join(checkpoints, name);
  const steps = (await listCheckpoints(checkpoints)).filter(({ microBatch }) => microBatch === 0).map((at) => at.step);
  const hint = steps.length > 0 ? `There are checkpoints of step ${steps.join(', ')}` : 'The run has no checkpoint';
  throw new InputError({ file: run, field: 'step', value: step, rule: 'has no checkpoint in this run', hint });
}

/** The run that a folder inside it (`final`, `checkpoints/step-N`) belongs to. */
function runAround(folder: string): string | undefined {
  return [dirname(folder), dirname(dirname(folder))].find(isRun);
}

/**
 * Finds what is to be exported, and checks a checkpoint against its manifest.
 *
 * @param path a run, a checkpoint or a model folder
 * @param step of a run: the checkpoint of that optimizer step
 * @throws InputError where there is no model, or a checkpoint is damaged
 */
export async function findExportSource(path: string, step?: number): Promise<ExportSource> {
  if (step !== undefined && !isRun(path)) {
    throw new InputError({ file: path, field: 'step', value: step, rule: 'may only be given for a run' });
  }
  const folder = step === undefined ? await locateModelFolder(path) : await checkpointOf(path, step);
  if (existsSync(join(folder, MANIFEST))) await verifyCheckpoint(folder);
  const run = isRun(path) ? path : runAround(folder);
  const at = positionOf(basename(folder))?.step;
  return { folder, ...(run !== undefined && { run, ...(at !== undefined && { step: at }) }) };
}
