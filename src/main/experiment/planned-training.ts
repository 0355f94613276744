/** A training that an experiment needs, against what is in its run's folder already. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { TrainJob } from '../../shared/engine-protocol.ts';
import { InputError } from '../../shared/errors.ts';
import { plannedRuns, preparedRun, type Experiment } from '../../shared/experiment/experiment.ts';
import type { ExecutionMode } from '../../shared/execution-mode.ts';
import type { Recipe } from '../../shared/recipe.ts';
import { sha256 } from '../runs/file-digest.ts';
import { readRun, type FoundRun } from '../runs/find-run.ts';
import { loadRecipe } from '../studio/presets.ts';
import type { Places } from './experiment-file.ts';

/** A training with its recipe checked. */
export interface PlannedTraining {
  /** Name of the run. */
  readonly run: string;
  readonly recipe: Recipe;
  /** What an engine is told to train: preset or file, and changes. */
  readonly source: string;
  readonly set: readonly string[];
}

/** A scheme's training with a seed, and what its model is asked. */
export interface PlannedScheme extends PlannedTraining {
  readonly label: string;
  readonly seed: number;
  readonly compressions: readonly string[];
}

/** Everything an experiment trains, in its order. */
export interface TrainingPlan {
  readonly prepare: readonly PlannedTraining[];
  readonly schemes: readonly PlannedScheme[];
}

function prepared(one: Experiment['prepare'][number]): PlannedTraining {
  const { recipe: source, set } = one;
  return { run: preparedRun(one), recipe: loadRecipe(source, set), source, set };
}

/** Reads all recipes of an experiment. @throws InputError for the first that is wrong, or is none of a language model */
export function planTrainings(experiment: Experiment): TrainingPlan {
  const schemes = plannedRuns(experiment).map(({ recipe: source, set, ...planned }) => {
    const recipe = loadRecipe(source, set);
    if (recipe.phase === 'vision') {
      const rule = 'must be a recipe of phase instruct: a vision tower answers no questions';
      throw new InputError({ field: `scheme ${planned.label}`, value: source, rule, hint: 'Put it under prepare' });
    }
    return { ...planned, recipe, source, set };
  });
  return { prepare: experiment.prepare.map(prepared), schemes };
}

/** Data files that a plan trains on, each once. */
export function trainingFiles({ prepare, schemes }: TrainingPlan): string[] {
  return [...new Set([...prepare, ...schemes].map(({ recipe }) => recipe.data.train))];
}

/**
 * The run of a planned training, where it was begun.
 *
 * @throws InputError where another recipe or other data is under that name, or a run that goes on in another working folder
 */
export function findPlannedRun({ run, recipe }: PlannedTraining, { runs }: Places): FoundRun | undefined {
  const folder = join(runs, run);
  if (!existsSync(join(folder, 'run.json'))) return undefined;
  const found = readRun(folder);
  const hint = 'Give the experiment another name, or move that run away';
  const refuse = (rule: string): never => {
    throw new InputError({ file: folder, rule, hint });
  };
  if (!found) return refuse('must be a run that this program can read');
  if (!isDeepStrictEqual(found.recipe, recipe)) return refuse('holds a run of another recipe');
  // One that is finished may have moved here with its workspace; one that goes on looks for its data where it was begun.
  const isElsewhere = found.record.workingFolder !== process.cwd();
  if (isElsewhere && found.record.state !== 'finished') return refuse('was begun in another working folder');
  const before = found.record.plan?.data.sha256;
  if (before !== undefined && existsSync(recipe.data.train) && before !== sha256(recipe.data.train)) {
    return refuse(`was trained on ${recipe.data.train} as it was before it changed`);
  }
  return found;
}

/** The job that begins the run, or goes on with it. */
export function trainingJob(
  { run, source, set }: PlannedTraining,
  { runs }: Places,
  found: FoundRun | undefined,
  execution?: ExecutionMode,
): TrainJob {
  const common = { kind: 'train', ...(execution && { execution }) } as const;
  if (found) return { ...common, run: { mode: 'resume', folder: resolve(found.folder) } };
  return { ...common, run: { mode: 'new', recipe: source, overrides: [...set], runs: resolve(runs), name: run } };
}
