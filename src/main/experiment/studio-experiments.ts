/** Experiments in the studio: their trainings wait in the queue like any other, one at a time. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ExperimentDetail, ExperimentRow, ExperimentRunState } from '../../shared/api/experiments.ts';
import { InputError } from '../../shared/errors.ts';
import type { TrainJob } from '../../shared/engine-protocol.ts';
import { experimentResultSchema } from '../../shared/experiment/result.ts';
import { formatRecipe } from '../../shared/recipe-yaml.ts';
import type { Experiment } from '../../shared/experiment/experiment.ts';
import { nextEvent, runAtRest, StudioEnded } from '../runs/await-run.ts';
import { rememberSha256 } from '../runs/file-digest.ts';
import { readJsonFile } from '../studio/json-file.ts';
import { loadRecipe } from '../studio/presets.ts';
import { conflict, notFound, plainFailure, RequestError } from '../studio/request-error.ts';
import type { ExperimentDesk, Studio } from '../studio/studio.ts';
import { askRun } from './ask-run.ts';
import { filesOf, type Places, type ReadExperiment } from './experiment-file.ts';
import { ExperimentRun, type ExperimentWork, type RunStep, type WorkOutcome } from './experiment-run.ts';
import { workOutFindings } from './findings-job.ts';
import { knownExperiment, knownExperiments, restingRow } from './known-experiments.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { planTrainings, trainingFiles } from './planned-training.ts';

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
  private readonly works = new Map<string, () => Promise<string[]>>();

  /** @param entry the engine's program; its own unless a test says otherwise */
  constructor(studio: Studio, entry?: string) {
    this.studio = studio;
    this.entry = entry;
  }

  async list(): Promise<ExperimentRow[]> {
    const all = knownExperiments(this.places);
    await Promise.all(all.map(({ experiment }) => rememberSha256(experiment.test.data)));
    return all.map((read) => this.row(read));
  }

  async get(name: string): Promise<ExperimentDetail> {
    const read = this.find(name);
    await rememberSha256(read.experiment.test.data);
    const result = await readJsonFile(filesOf(read.experiment, this.places).result, experimentResultSchema);
    return { experiment: this.row(read), ...(result && { result }) };
  }

  /** Runs what is missing of an experiment. @throws RequestError where it runs already, InputError where it cannot begin */
  async start(name: string): Promise<ExperimentRow> {
    const read = this.find(name);
    await rememberFiles(read.experiment);
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
      .then(async ({ type }) => {
        await this.workOut(read);
        this.studio.board.update(id, { state: type === 'stopped' ? 'cancelled' : 'done' });
      })
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
    const files = await this.findings(this.find(name));
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
    if (!live) return;
    live.row = { ...live.row, ...changes };
    this.studio.events.publish({ kind: 'experiment', experiment: live.row });
  }

  private note(read: ReadExperiment, run: string, step: RunStep): void {
    const { name } = read.experiment;
    const before = this.live.get(name)?.row.runs ?? [];
    const reason = step.state === 'failed' ? { reason: step.text } : {};
    const runs = before.map(({ reason: _, ...one }) =>
      one.run === run ? { ...one, state: step.state, ...reason } : one,
    );
    this.change(name, { runs });
    if (step.state !== 'done' || step.kept) return;
    // What goes wrong is told at the experiment's end, which works the result out once more.
    void this.workOut(read)
      .then(() => this.change(name, {}))
      .catch(() => undefined);
  }

  /** Writes result and page, never twice at once: a slower process must not write over what a later one found. */
  private findings(read: ReadExperiment): Promise<string[]> {
    const { name } = read.experiment;
    const work = this.works.get(name) ?? oneAtATime(() => workOutFindings(this.find(name), this.places));
    this.works.set(name, work);
    return work();
  }

  /** Brings result.json up to date; an experiment that has nothing to tell yet is no failure. */
  private async workOut(read: ReadExperiment): Promise<void> {
    await this.findings(read).catch((error: unknown) => {
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
      // One that somebody else asked for is waited for.
      if (isKnown && !desk.hasTurn(run)) await desk.act(run, 'continue');
      if (!isKnown) await desk.add({ yaml: recipeText(job), name: run, tags: [tag], start: true });
      const end = await Promise.race([ended, stopped]);
      if (!end) await this.leave(run);
      if (!end || end === 'cancelled') return { type: 'stopped' };
      if (end.state === 'finished') return { type: 'done' };
      if (end.state === 'failed') return { type: 'failed', text: end.failure?.cause ?? `${run} failed` };
      return { type: 'stopped' };
    } catch (error) {
      if (error instanceof StudioEnded) return { type: 'stopped' };
      // The queue refuses this run; the others can still be trained.
      if (error instanceof RequestError) return { type: 'failed', text: error.message };
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

/** Big files are read before, in the background: what is begun looks at their digests. */
async function rememberFiles(experiment: Experiment): Promise<void> {
  const files = [...trainingFiles(planTrainings(experiment)), experiment.test.data];
  for (const file of files) await rememberSha256(file);
}

/** The recipe of a new run, its changes made. */
function recipeText({ recipe, overrides }: Extract<TrainJob['run'], { mode: 'new' }>): string {
  return formatRecipe(loadRecipe(recipe, overrides));
}
