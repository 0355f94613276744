import { constants } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { TrainJob } from '../../shared/engine-protocol.ts';
import { InputError } from '../../shared/errors.ts';
import { readRunCosts } from '../studio/runs/run-costs.ts';
import { costsText } from '../terminal/costs-view.ts';
import { failureText, followTraining, type FollowedTraining } from '../terminal/follow-training.ts';
import { measureRecipe } from '../terminal/measure-recipe.ts';
import { clockTime } from '../terminal/training-view.ts';
import { shownFile } from '../terminal/shown-file.ts';

export const summary = 'train a model as a recipe says, or go on with a run';

export const usage = `
Usage: llavolta train <recipe> [--set key=value …] [--run name] [--runs folder] [--forecast] [--eager]
       llavolta train --resume <run folder> [--eager]

  <recipe>      a YAML file, or the name of a preset (resources/recipes)
  --set k=v     change a value of the recipe, e.g. --set optimizer.lr=2e-4; may be given several times
  --run name    name of the run's folder; by default the recipe's name
  --runs dir    folder of all runs; by default runs
  --forecast    measure a few steps of each setting first, and compare what they foretell with what the run takes
  --eager       run the ops one by one, not as recorded functions: slower, for finding faults
  --resume dir  go on with a run from its last checkpoint: the result is the same as without the break

Ctrl-C saves a checkpoint and leaves. Exit code 0 when the run is finished.
`;

/** @returns the job, and whether it is to be measured beforehand */
function readArguments(argv: string[]): { job: TrainJob; measures: boolean } {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      set: { type: 'string', multiple: true, default: [] },
      run: { type: 'string' },
      runs: { type: 'string', default: 'runs' },
      resume: { type: 'string' },
      eager: { type: 'boolean', default: false },
      forecast: { type: 'boolean', default: false },
    },
  });
  const [recipe, ...rest] = positionals;
  const execution = values.eager ? { execution: 'eager' as const } : {};
  if (values.resume !== undefined) {
    if (recipe === undefined && values.set.length === 0 && values.run === undefined && !values.forecast) {
      const run = { mode: 'resume' as const, folder: resolve(values.resume) };
      return { job: { kind: 'train', run, ...execution }, measures: false };
    }
    const rule = 'takes no recipe, --set, --run or --forecast: a run goes on as it was begun';
    throw new InputError({ field: '--resume', value: values.resume, rule });
  }
  if (recipe === undefined || rest.length > 0) {
    throw new InputError({ field: 'train', rule: 'needs one recipe, or --resume', hint: 'llavolta train --help' });
  }
  const name = values.run === undefined ? {} : { name: values.run };
  const run = { mode: 'new' as const, recipe, overrides: values.set, runs: resolve(values.runs), ...name };
  return { job: { kind: 'train', run, ...execution }, measures: values.forecast };
}

function closingText({ outcome, folder }: FollowedTraining): string {
  const again = folder === undefined ? '' : `\nTo go on: llavolta train --resume ${shownFile(folder)}`;
  if (outcome.type === 'failed') return `${failureText(outcome.failure)}${again}`;
  const { outcome: end, step, folder: result } = outcome.result;
  if (end === 'finished') return `Finished after ${step} steps: the model is in ${shownFile(result ?? '')}`;
  return `Stopped after ${step} steps${result === undefined ? '' : `, saved in ${shownFile(result)}`}.${again}`;
}

/** Exit code of a program that a signal ended, as shells expect it. */
const signalCode = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

/** The job with what a short training of its recipe's settings measured. */
async function measured(job: TrainJob): Promise<TrainJob> {
  const { run } = job;
  if (run.mode !== 'new') return job;
  process.stdout.write('measuring a few steps of each setting\n');
  return { ...job, run: { ...run, probe: await measureRecipe(run.recipe, run.overrides) } };
}

async function writeCosts({ folder, outcome }: FollowedTraining): Promise<void> {
  if (folder === undefined || outcome.type === 'failed') return;
  process.stdout.write(`${costsText(await readRunCosts(folder)).join('\n')}\n`);
}

export async function run(argv: string[]): Promise<number> {
  const { job, measures } = readArguments(argv);
  const asked = measures ? await measured(job) : job;
  const startedAt = Date.now();
  const followed = await followTraining(asked, process.stdout);
  await writeCosts(followed);
  process.stdout.write(`${closingText(followed)} (${clockTime(Date.now() - startedAt)})\n`);
  if (followed.signal !== undefined) return signalCode(followed.signal);
  return followed.outcome.type === 'done' && followed.outcome.result.outcome === 'finished' ? 0 : 1;
}
