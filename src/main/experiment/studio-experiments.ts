/** Experiments in the studio: their trainings wait in the queue like any other, one at a time. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ExperimentDetail, ExperimentRow, ExperimentRunState } from '../../shared/api/experiments.ts';
import { InputError } from '../../shared/errors.ts';
import type { TrainJob } from '../../shared/engine-protocol.ts';
import { experimentResultSchema } from '../../shared/experiment/result.ts';
import { formatRecipe } from '../../shared/recipe-yaml.ts';
import { nextEvent, runAtRest, StudioEnded } from '../runs/await-run.ts';
import { readJsonFile } from '../studio/json-file.ts';
import { loadRecipe } from '../studio/presets.ts';
import { conflict, notFound, plainFailure } from '../studio/request-error.ts';
import type { ExperimentDesk, Studio } from '../studio/studio.ts';
import { askRun } from './ask-run.ts';
import { filesOf, type Places, type ReadExperiment } from './experiment-file.ts';
import { ExperimentRun, type ExperimentWork, type RunStep, type WorkOutcome } from './experiment-run.ts';
import { workOutFindings } from './findings-job.ts';
import { knownExperiment, knownNames, restingRow } from './known-experiments.ts';

/** An experiment under way. */
interface Live {
  row: ExperimentRow;
  readonly controller: AbortController;
}

export class StudioExperiments implements ExperimentDesk {
  private readonly studio: Studio;
  private readonly entry: string | undefined;
  /** Those that run, and those that ended early, with the reason. */
  private readonly live = new Map<string, Live>();

  /** @param entry the engine's program; its own unless a test says otherwise */
  constructor(studio: Studio, entry?: string) {
    this.studio = studio;
    this.entry = entry;
  }

  list(): ExperimentRow[] {
    return knownNames(this.places).map((name) => this.row(this.find(name)));
  }

  async get(name: string): Promise<ExperimentDetail> {
    const read = this.find(name);
    const result = await readJsonFile(filesOf(read.experiment, this.places).result, experimentResultSchema);
    return { experiment: this.row(read), ...(result && { result }) };
  }

  /** Runs what is missing of an experiment. @throws RequestError where it runs already, InputError where it cannot begin */
  start(name: string): ExperimentRow {
    const read = this.find(name);
    if (this.live.get(name)?.row.isRunning) throw conflict(`${name} runs already`, 'Wait for it, or stop it');
    const { schemes } = read.experiment;
    const controller = new AbortController();
    const run = new ExperimentRun(read.experiment, this.places, this.workFor(read, controller.signal));
    this.live.set(name, { row: { ...restingRow(read.experiment, this.places), isRunning: true }, controller });
    const title = `Experiment ${name}: ${schemes.length} schemes`;
    const stop = (): void => this.stop(name);
    const { id } = this.studio.board.add({ kind: 'experiment', title, subject: name }, stop);
    void run
      .run()
      .then(() => this.workOut(read))
      .then(() => this.studio.board.update(id, { state: controller.signal.aborted ? 'cancelled' : 'done' }))
      .catch((error: unknown) => {
        const failure = plainFailure(error);
        this.change(name, { failure });
        this.studio.board.update(id, { state: 'failed', failure });
      })
      .finally(() => this.change(name, { isRunning: false }));
    return this.row(read);
  }

  /** Lets the training at hand save and ends the experiment; started again, it goes on. @throws RequestError where it does not run */
  stop(name: string): void {
    const live = this.live.get(name);
    if (!live?.row.isRunning) throw conflict(`${name} does not run`, 'Start it first');
    live.controller.abort();
  }

  /** The page of results and its chart, as they are now. @throws InputError where there is nothing to tell yet */
  async report(name: string): Promise<{ name: string; content: string }[]> {
    const files = await workOutFindings(this.find(name), this.places);
    return Promise.all(files.map(async (file) => ({ name: basename(file), content: await readFile(file, 'utf8') })));
  }

  private get places(): Places {
    const { workspace } = this.studio;
    return { runs: workspace.runs, experiments: join(workspace.folder, 'experiments') };
  }

  private find(name: string): ReadExperiment {
    const read = knownExperiment(name, this.places);
    if (!read) throw notFound(`experiment ${name}`);
    return read;
  }

  private row({ experiment }: ReadExperiment): ExperimentRow {
    const live = this.live.get(experiment.name)?.row;
    if (live?.isRunning) return live;
    const { failure, runs = [] } = live ?? {};
    const resting = restingRow(experiment, this.places);
    // What failed is known only as long as this studio runs.
    const failedBefore = (one: ExperimentRunState): ExperimentRunState | undefined =>
      one.state === 'done' ? undefined : runs.find(({ run, state }) => run === one.run && state === 'failed');
    return {
      ...resting,
      runs: resting.runs.map((one) => failedBefore(one) ?? one),
      ...(failure && { failure }),
    };
  }

  private change(name: string, changes: Partial<ExperimentRow>): void {
    const live = this.live.get(name);
    if (live) live.row = { ...live.row, ...changes };
  }

  private note(read: ReadExperiment, run: string, step: RunStep): void {
    const { name } = read.experiment;
    const before = this.live.get(name)?.row.runs ?? [];
    const reason = step.state === 'failed' ? { reason: step.text } : {};
    const runs = before.map(({ reason: _, ...one }) =>
      one.run === run ? { ...one, state: step.state, ...reason } : one,
    );
    this.change(name, { runs });
    if (step.state === 'done' && !step.kept) void this.workOut(read).catch(() => undefined);
  }

  /** Brings result.json up to date; an experiment that has nothing to tell yet is no failure. */
  private async workOut(read: ReadExperiment): Promise<void> {
    await workOutFindings(read, this.places).catch((error: unknown) => {
      if (!(error instanceof InputError)) throw error;
    });
  }

  private workFor(read: ReadExperiment, signal: AbortSignal): ExperimentWork {
    return {
      train: (job, run) => this.train(job, run, read.experiment.name, signal),
      ask: (job, _run, onProgress) => askRun(job, onProgress, signal, this.entry),
      tell: (run, step) => {
        if (step.state === 'asking' && step.progress) return;
        this.note(read, run, step);
      },
    };
  }

  /** Lets a run be trained in its turn, and waits for it. */
  private async train({ run: job }: TrainJob, run: string, tag: string, signal: AbortSignal): Promise<WorkOutcome> {
    if (signal.aborted) return { type: 'stopped' };
    const { desk } = this.studio;
    const stopped = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
    const ended = runAtRest(this.studio, run, () => undefined);
    // Where the queue refuses the run, nobody waits for its end.
    ended.catch(() => undefined);
    try {
      const isKnown = job.mode === 'resume' || (await desk.summary(run)) !== undefined;
      if (isKnown) await desk.act(run, 'continue');
      else await desk.add({ yaml: recipeText(job), name: run, tags: [tag], start: true });
      const end = await Promise.race([ended, stopped]);
      if (!end) await this.leave(run);
      if (end?.state === 'finished') return { type: 'done' };
      if (end?.state === 'failed') return { type: 'failed', text: end.failure?.cause ?? `${run} failed` };
      return { type: 'stopped' };
    } catch (error) {
      if (error instanceof StudioEnded) return { type: 'stopped' };
      throw error;
    }
  }

  /** Stops a training and lets it save, or takes it out of the queue. */
  private async leave(run: string): Promise<void> {
    const { desk } = this.studio;
    if (!desk.trains(run)) return void (await desk.forget(run));
    // Its job tells of the end also where the run had not come to having a folder.
    const over = nextEvent(this.studio, (event) =>
      event.kind === 'job' && event.job.subject === run && event.job.endedAt !== undefined ? event.job : undefined,
    );
    await desk.act(run, 'stop');
    await over;
  }
}

/** The recipe of a new run, its changes made. */
function recipeText({ recipe, overrides }: Extract<TrainJob['run'], { mode: 'new' }>): string {
  return formatRecipe(loadRecipe(recipe, overrides));
}
