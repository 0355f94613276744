/** The job `train` of an engine process: opens or makes the run's folder, prepares the loop, and runs the session. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineMessage, TrainJob } from '../../../shared/engine-protocol.ts';
import { InputError } from '../../../shared/errors.ts';
import type { ExecutionMode } from '../../../shared/execution-mode.ts';
import { formatRecipe } from '../../../shared/recipe-yaml.ts';
import type { Recipe } from '../../../shared/recipe.ts';
import type { ProbeResult } from '../../../shared/probe.ts';
import { forecastRun } from '../../../shared/run-forecast.ts';
import { stretchesOf, type RunPlan, type RunRecord } from '../../../shared/run-record.ts';
import { describeBackend } from '../backend/description.ts';
import { failureOf } from '../jobs/failure.ts';
import type { JobControl } from '../jobs/job-control.ts';
import { writeTextDurably } from '../model/durable-file.ts';
import { loadNewestCheckpoint, type NewestCheckpoint } from './checkpoint-read.ts';
import { CheckpointThread, type SaveCheckpoint } from './checkpoint-saver.ts';
import { Checkpoints, type SavedCheckpoint } from './checkpoints.ts';
import { MetricsSink } from './metrics-sink.ts';
import { prepareTraining, type PreparedTraining } from './prepare-training.ts';
import { loadRecipe } from './recipe-file.ts';
import { withAbsolutePaths } from './recipe-paths.ts';
import { RunFolder } from './run-folder.ts';
import { TrainingSession } from './training-session.ts';

type Messages = AsyncGenerator<EngineMessage, void>;
type NewRun = Extract<TrainJob['run'], { mode: 'new' }>;

function versions(): Record<string, string> {
  return { ...describeBackend(), node: process.version };
}

/** A folder name from a recipe's name. */
function slug(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'run';
}

/** The folder of a new run: the one that was asked for, or the recipe's name, with a number where that is taken. */
function chooseFolder({ runs, name }: NewRun, recipeName: string): string {
  if (name !== undefined) return join(runs, name);
  const base = join(runs, slug(recipeName));
  let folder = base;
  for (let number = 2; existsSync(folder); number++) folder = `${base}-${number}`;
  return folder;
}

function checkSameData(before: RunPlan | undefined, now: RunPlan, file: string): void {
  if (!before || before.data.sha256 === now.data.sha256) return;
  const rule = 'has changed since the run began, so the run cannot go on as it would have';
  throw new InputError({ file, rule, hint: 'Restore the file, or start a new run' });
}

/** The checkpoint a run goes on from, as a save that is done. */
function resumedFrom({ name, checkpoint }: NewestCheckpoint, folder: string): SavedCheckpoint {
  const { step, microBatch, totals } = checkpoint.state;
  return { position: { step, microBatch }, folder: join(folder, name), totals, heldMs: 0, savedMs: 0 };
}

/** A run whose folder this process holds, and what is needed to train it. */
interface OpenedRun {
  readonly run: RunFolder;
  readonly prepared: PreparedTraining;
  readonly recipe: Recipe;
  readonly execution: ExecutionMode;
  readonly newest?: NewestCheckpoint;
  /** What was measured of a new run beforehand. */
  readonly probe?: ProbeResult;
}

/** Writes what the run is expected to take, where all of its settings were measured. */
async function keepForecast({ run, prepared, recipe, probe }: OpenedRun): Promise<void> {
  if (!probe) return;
  const { plan } = prepared;
  const stretches = {
    stages: stretchesOf(plan),
    accumulate: plan.accumulate,
    checkpointEvery: recipe.checkpoint.every,
  };
  const forecast = forecastRun(stretches, probe, new Date().toISOString());
  if (forecast) await writeTextDurably(run.path('forecast'), `${JSON.stringify(forecast, null, 2)}\n`);
}

/** Everything that can be wrong with recipe and data is found before the run gets a folder. */
async function beginRun(job: NewRun, execution: ExecutionMode = 'graph'): Promise<OpenedRun> {
  const written = loadRecipe(job.recipe, job.overrides);
  const recipe = withAbsolutePaths(written, process.cwd());
  const folder = chooseFolder(job, written.name);
  RunFolder.checkNew(folder);
  const prepared = await prepareTraining(recipe, { execution });
  try {
    const run = await RunFolder.create(folder, formatRecipe(written));
    return { run, prepared, recipe, execution, ...(job.probe && { probe: job.probe }) };
  } catch (error) {
    prepared.dispose();
    throw error;
  }
}

/** How the run's ops were run last: the two ways differ in the last bits. */
function lastExecution({ sessions }: RunRecord): ExecutionMode {
  return sessions.at(-1)?.execution ?? 'graph';
}

async function resumeRun(folder: string, asked?: ExecutionMode): Promise<OpenedRun> {
  const run = await RunFolder.open(folder);
  try {
    const recipe = withAbsolutePaths(loadRecipe(run.path('recipe')), run.record.workingFolder);
    const newest = await loadNewestCheckpoint(run.path('checkpoints'));
    const execution = asked ?? lastExecution(run.record);
    const prepared = await prepareTraining(recipe, { execution, ...(newest && { from: newest.checkpoint }) });
    checkSameData(run.record.plan, prepared.plan, recipe.data.train);
    return { run, prepared, recipe, execution, ...(newest && { newest }) };
  } catch (error) {
    run.close();
    throw error;
  }
}

async function* trainRun(opened: OpenedRun, control: JobControl, save?: SaveCheckpoint): Messages {
  const { run, prepared, execution, newest } = opened;
  const { plan, notices, loop } = prepared;
  yield { type: 'run', folder: run.folder };
  for (const text of newest?.skipped ?? []) yield { type: 'log', level: 'warning', text };
  for (const text of notices) yield { type: 'log', level: 'info', text };
  await keepForecast(opened);
  const session = { startedAt: new Date().toISOString(), fromStep: loop.step, execution };
  await run.update({ plan, versions: versions(), failure: undefined, sessions: [...run.record.sessions, session] });
  yield { type: 'plan', plan, fromStep: loop.step };
  yield* runSession(opened, control, save);
}

async function* runSession(opened: OpenedRun, control: JobControl, save?: SaveCheckpoint): Messages {
  const { run, prepared, recipe, newest } = opened;
  const { loop, model } = prepared;
  const { config, weights, companions, adapter } = model;
  const { every, keep } = recipe.checkpoint;
  const folder = run.path('checkpoints');
  const metrics = new MetricsSink(run.folder, run.path('metrics'), loop.step);
  const thread = new CheckpointThread(weights);
  const last = newest && resumedFrom(newest, folder);
  const checkpoints = new Checkpoints({
    ...{ folder, keep, loop, config, companions, ...(adapter && { adapter }) },
    save: async (request) => {
      // The lines of the steps that are saved must not be lost where the checkpoint is not.
      await metrics.sync();
      return (save ?? thread.save)(request);
    },
    ...(last && { resumedFrom: last }),
  });
  const from = last?.position ?? { step: 0, microBatch: 0 };
  try {
    yield* new TrainingSession({ run, loop, metrics, checkpoints, control, every, from }).run();
  } finally {
    metrics.close();
    await thread.dispose();
  }
}

/** Notes in run.json how the session ended, and lets the run go. */
async function closeRun(run: RunFolder, error?: unknown): Promise<void> {
  const sessions = run.record.sessions.map((session, i, all) =>
    i === all.length - 1 ? { ...session, endedAt: new Date().toISOString() } : session,
  );
  try {
    await run.update({ sessions, ...(error !== undefined && { state: 'failed' as const, failure: failureOf(error) }) });
  } catch {
    // A full or broken disk: the error itself is what the user must hear of.
  } finally {
    run.close();
  }
}

/**
 * Trains a run and yields its messages.
 *
 * @param save writes checkpoints; a thread of its own unless a test says otherwise
 * @throws InputError for bad recipes, data and folders; JobError for what ends a training by itself
 */
export async function* runTrainingJob(job: TrainJob, control: JobControl, save?: SaveCheckpoint): Messages {
  const { run, execution } = job;
  const opened = run.mode === 'new' ? await beginRun(run, execution) : await resumeRun(run.folder, execution);
  try {
    yield* trainRun(opened, control, save);
  } catch (error) {
    await closeRun(opened.run, error);
    throw error;
  } finally {
    opened.prepared.dispose();
  }
  await closeRun(opened.run);
}
