/** Starts trainings, one at a time, in the order they were asked for, and does what is asked of them. */
import { readFile } from 'node:fs/promises';
import type { NewRun, RunAction, RunSummary } from '../../../shared/api/runs.ts';
import type { TrainJob } from '../../../shared/engine-protocol.ts';
import { parseRecipe } from '../../../shared/recipe-yaml.ts';
import { withStages, type WrittenRecipe } from '../../../shared/recipe.ts';
import type { EventHub } from '../events/event-hub.ts';
import { inBackground } from '../events/in-background.ts';
import type { JobBoard } from '../jobs/job-board.ts';
import { schemeOf } from '../presets.ts';
import { schemeNameOf } from '../recipes/scheme-names.ts';
import { conflict, notFound } from '../request-error.ts';
import type { JobOutcome } from '../supervisor.ts';
import type { Workspace } from '../workspace.ts';
import { LiveTraining } from './live-training.ts';
import { NO_NOTES, readRecord, writeNotes } from './run-files.ts';
import { runOwner } from './run-owner.ts';
import type { RunStore } from './run-store.ts';
import { definedOnly, type LiveState } from './run-summary.ts';
import { TrainingQueue, type QueuedTraining } from './training-queue.ts';

/** A summary is told at most this often while a run trains: it is read from files. Rows of metrics are told sooner. */
const SUMMARY_EVERY_MS = 1000;

export interface DeskOptions {
  readonly workspace: Workspace;
  readonly events: EventHub;
  readonly board: JobBoard;
  /** The engine's program; its own unless a test says otherwise. */
  readonly entry?: string;
}

/** A folder name from a recipe's name. */
const slug = (name: string): string =>
  name
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 80) || 'run';

export class TrainingDesk {
  private readonly options: DeskOptions;
  private readonly queue: TrainingQueue;
  private readonly jobs = new Map<string, string>();
  private readonly told = new Map<string, NodeJS.Timeout>();
  private readonly failures = new Map<string, LiveState>();
  private store: RunStore | undefined;
  private active: LiveTraining | undefined;
  private isClosing = false;
  private ended: Promise<void> = Promise.resolve();

  constructor(options: DeskOptions) {
    this.options = options;
    this.queue = new TrainingQueue(options.workspace.studio);
  }

  /** What is known of a run beyond its files. */
  liveStateOf(name: string): LiveState {
    if (this.active?.name === name) return this.active.state;
    const queued = this.queue.find(name);
    if (queued?.state === 'waiting') return { state: 'queued', reason: 'waits for another training to end' };
    if (queued?.state === 'held') return { state: 'queued', reason: 'waits until it is started' };
    return this.failures.get(name) ?? {};
  }

  /** Whether a training is under way. */
  get isTraining(): boolean {
    return this.active !== undefined;
  }

  /** Whether a run is the training under way. */
  trains(name: string): boolean {
    return this.active?.name === name;
  }

  /** Whether a run is in training or waits for its turn. */
  hasTurn(name: string): boolean {
    return this.trains(name) || this.queue.find(name)?.state === 'waiting';
  }

  /** Loads the queue. A training that a studio's end interrupted goes on, and is told of. */
  async open(store: RunStore): Promise<void> {
    this.store = store;
    await this.queue.load();
    for (const training of this.queue.all()) {
      if (training.state === 'waiting') this.showJob(training);
    }
    const interrupted = this.queue.all().filter(({ state }) => state === 'active');
    // Nobody waits for it: a studio opens at once.
    this.ended = this.behind('Interrupted trainings', this.takeUpAll(interrupted)).finally(() => this.next());
  }

  /** Rows of trainings that have no run folder yet. */
  async waiting(): Promise<RunSummary[]> {
    const without = this.queue.all().filter(({ name }) => !this.runs.has(name));
    return Promise.all(without.map((training) => this.queuedSummary(training)));
  }

  /** The row of a run, also where it only waits. */
  async summary(name: string): Promise<RunSummary | undefined> {
    const queued = this.queue.find(name);
    if (queued && !this.runs.has(name)) return this.queuedSummary(queued);
    return this.runs.summary(name);
  }

  /** The recipe of a run that only waits. */
  async waitingRecipe(name: string): Promise<string | undefined> {
    if (!this.queue.find(name) || this.runs.has(name)) return undefined;
    return readFile(this.queue.recipeFile(name), 'utf8').catch(() => '');
  }

  /** Checks a recipe and lets it be trained in its turn. @throws InputError where the recipe is wrong */
  async add({ yaml, name, title, tags = [], start = true, probe }: NewRun): Promise<RunSummary> {
    const recipe = parseRecipe(yaml, 'recipe');
    withStages(recipe, schemeOf);
    const chosen = name ?? this.freeName(slug(recipe.name));
    if (this.isTaken(chosen)) throw conflict(`There is a run ${chosen} already`, 'Choose another name');
    await this.queue.putRecipe(chosen, yaml);
    const training: QueuedTraining = {
      ...{ name: chosen, mode: 'new', state: start ? 'waiting' : 'held' },
      ...{ createdAt: new Date().toISOString(), notes: { ...NO_NOTES, tags, ...definedOnly({ title }) } },
      ...definedOnly({ probe }),
    };
    await this.queue.put(training);
    if (start) this.showJob(training);
    await this.tell(chosen);
    this.next();
    const summary = await this.summary(chosen);
    if (!summary) throw new Error('a training that was added is there');
    return summary;
  }

  /** Does to a run what was asked. @throws RequestError where the run is not in a state for it */
  async act(name: string, action: RunAction): Promise<void> {
    if (action === 'continue') return this.goOn(name);
    const { active } = this;
    if (active?.name !== name) {
      if (await this.summary(name)) throw conflict(`${name} is not in training`, 'Continue it first');
      throw notFound(`run ${name}`);
    }
    active[action]();
  }

  /**
   * Takes a run out of the queue, where it is in it.
   *
   * @returns whether nothing is left of it
   * @throws RequestError where it is in training
   */
  async forget(name: string): Promise<boolean> {
    if (this.active?.name === name) throw conflict(`${name} is in training`, 'Stop it first');
    const queued = this.queue.find(name);
    this.failures.delete(name);
    if (!queued) return false;
    await this.queue.remove(name);
    this.dropJob(name);
    this.next();
    const isGone = !this.runs.has(name);
    if (isGone) this.options.events.publish({ kind: 'run-removed', name });
    else await this.tell(name);
    return isGone;
  }

  /** Lets the training at hand save and leave; it goes on when a studio opens the workspace again. */
  async close(): Promise<void> {
    this.isClosing = true;
    this.active?.stop();
    await this.ended;
    for (const timer of this.told.values()) clearTimeout(timer);
  }

  private get runs(): RunStore {
    if (!this.store) throw new Error('the desk is open');
    return this.store;
  }

  private isTaken(name: string): boolean {
    return this.runs.isTaken(name) || this.queue.find(name) !== undefined;
  }

  private freeName(base: string): string {
    let name = base;
    for (let number = 2; this.isTaken(name); number++) name = `${base}-${number}`;
    return name;
  }

  private async goOn(name: string): Promise<void> {
    const queued = this.queue.find(name);
    if (queued?.state === 'waiting' || this.active?.name === name)
      throw conflict(`${name} waits or runs already`, 'Wait for it');
    const summary = await this.summary(name);
    if (!summary) throw notFound(`run ${name}`);
    if (summary.state === 'finished')
      throw conflict(`${name} is finished`, 'Start a new run, for instance from its model');
    const mode = this.runs.has(name) ? 'resume' : 'new';
    if (mode === 'resume' && (await runOwner(this.runs.folderOf(name)))) {
      throw conflict(`${name} is trained by another process`, 'Wait for it, or stop it there');
    }
    const { createdAt } = summary;
    const training: QueuedTraining = {
      ...{ name, mode, state: 'waiting', createdAt, notes: queued?.notes ?? NO_NOTES },
      ...definedOnly({ probe: queued?.probe }),
    };
    this.failures.delete(name);
    await this.queue.put(training);
    this.showJob(training);
    await this.tell(name);
    this.next();
  }

  private async takeUpAll(trainings: readonly QueuedTraining[]): Promise<void> {
    for (const training of trainings) await this.takeUp(training);
  }

  /** Goes on with a training that was under way when the last studio ended. */
  private async takeUp(training: QueuedTraining): Promise<void> {
    const { name } = training;
    const hasFolder = this.runs.has(name);
    // The engine of a studio that was killed saves and leaves by itself; until then it holds the run.
    if (hasFolder) await orphanToLeave(this.runs.folderOf(name));
    const record = hasFolder ? await readRecord(this.runs.folderOf(name)) : undefined;
    if (record?.state === 'finished') return this.queue.remove(name);
    const text = `${name} was interrupted when the studio ended: it goes on${hasFolder ? ' from its last checkpoint' : ''}`;
    this.options.events.publish({ kind: 'notice', level: 'info', text });
    const waiting: QueuedTraining = { ...training, mode: hasFolder ? 'resume' : 'new', state: 'waiting' };
    await this.queue.put(waiting);
    this.showJob(waiting);
  }

  /** Starts the first training that waits, unless one is under way. */
  private next(): void {
    const first = this.queue.all().find(({ state }) => state === 'waiting');
    this.showPositions();
    if (this.active || this.isClosing || !first) return;
    this.ended = this.behind(first.name, this.train(first));
  }

  private async train(training: QueuedTraining): Promise<void> {
    const { name } = training;
    const { workspace, events, entry } = this.options;
    const folder = this.runs.folderOf(name);
    const job: TrainJob =
      training.mode === 'resume'
        ? { kind: 'train', run: { mode: 'resume', folder } }
        : {
            kind: 'train',
            run: {
              ...{ mode: 'new', recipe: this.queue.recipeFile(name), overrides: [], runs: workspace.runs, name },
              ...definedOnly({ probe: training.probe }),
            },
          };
    this.active = new LiveTraining({
      ...{ name, job, folder, events, ...(entry !== undefined && { entry }) },
      onBegun: () => void this.behind(name, this.keepNotes(folder, training)),
      onChange: () => this.tellSoon(name),
    });
    // A queue that cannot be written holds up no training, neither this one nor the next.
    await this.behind(name, this.queue.put({ ...training, state: 'active' }));
    void this.behind(name, this.tell(name));
    this.updateJob(name, { state: 'running' });
    const outcome = await this.active.outcome;
    await this.finish(training, outcome);
  }

  private behind(name: string, work: Promise<void>): Promise<void> {
    return inBackground(work, this.options.events, name);
  }

  private async keepNotes(folder: string, { name, notes }: QueuedTraining): Promise<void> {
    await writeNotes(folder, notes);
    await this.tell(name);
  }

  private async finish(training: QueuedTraining, outcome: JobOutcome): Promise<void> {
    const { name } = training;
    const hadBegun = this.active?.begun ?? false;
    this.active = undefined;
    clearTimeout(this.told.get(name));
    this.told.delete(name);
    // A studio that closes leaves the entry as it is: the next one takes it up.
    const isInterrupted = this.isClosing && !(outcome.type === 'done' && outcome.result.outcome === 'finished');
    if (!isInterrupted) await this.behind(name, this.settle(training, outcome, hadBegun));
    await this.tell(name);
    this.next();
  }

  private async settle(training: QueuedTraining, outcome: JobOutcome, hadBegun: boolean): Promise<void> {
    const { name } = training;
    const failed = outcome.type === 'failed' ? ({ state: 'failed', failure: outcome.failure } as const) : undefined;
    if (failed) this.failures.set(name, failed);
    const written = failed && !hadBegun ? this.queue.put({ ...training, ...failed }) : this.queue.remove(name);
    const isFinished = outcome.type === 'done' && outcome.result.outcome === 'finished';
    this.updateJob(name, failed ?? { state: isFinished ? 'done' : 'cancelled' });
    this.jobs.delete(name);
    await written;
  }

  private async queuedSummary({ name, notes, createdAt, failure, state }: QueuedTraining): Promise<RunSummary> {
    const yaml = await readFile(this.queue.recipeFile(name), 'utf8').catch(() => '');
    const recipe = readable(yaml);
    const live = this.liveStateOf(name);
    return {
      ...{ name, title: notes.title ?? name, state: live.state ?? 'failed' },
      ...{ recipe: recipe?.name ?? name, phase: recipe?.phase ?? 'instruct' },
      ...{ createdAt, updatedAt: createdAt, secondsTrained: 0, step: 0, stages: [], losses: [] },
      ...{ tags: notes.tags, note: notes.note, hasModel: false },
      ...definedOnly({
        ...{ reason: live.reason, totalSteps: recipe?.optimizer.steps, scheme: recipe && schemeNameOf(recipe) },
        failure: state === 'failed' ? failure : undefined,
      }),
    };
  }

  private tellSoon(name: string): void {
    if (this.told.has(name)) return;
    const timer = setTimeout(() => {
      this.told.delete(name);
      void this.behind(name, this.tell(name));
    }, SUMMARY_EVERY_MS);
    this.told.set(name, timer);
  }

  private async tell(name: string): Promise<void> {
    const run = await this.summary(name);
    if (!run) return;
    this.options.events.publish({ kind: 'run', run });
    const id = this.jobs.get(name);
    if (id !== undefined && run.totalSteps)
      this.options.board.update(id, { done: Math.min(1, run.step / run.totalSteps) });
  }

  private showJob({ name }: QueuedTraining): void {
    const job = { kind: 'train', title: `Train ${name}`, subject: name, state: 'waiting' } as const;
    const cancel = (): void => {
      if (this.active?.name === name) this.active.stop();
      else void this.behind(name, this.hold(name));
    };
    this.jobs.set(name, this.options.board.add(job, cancel).id);
  }

  /** Takes a waiting training out of its turn: a new one is kept to be started later, a stopped one stays stopped. */
  private async hold(name: string): Promise<void> {
    const queued = this.queue.find(name);
    if (queued?.state !== 'waiting') return;
    const written = queued.mode === 'new' ? this.queue.put({ ...queued, state: 'held' }) : this.queue.remove(name);
    // It is out of its turn from now on, also where that cannot be written.
    this.dropJob(name);
    this.showPositions();
    await written.finally(() => this.tell(name));
  }

  private updateJob(name: string, changes: Parameters<JobBoard['update']>[1]): void {
    const id = this.jobs.get(name);
    if (id !== undefined) this.options.board.update(id, changes);
  }

  private dropJob(name: string): void {
    this.updateJob(name, { state: 'cancelled' });
    this.jobs.delete(name);
  }

  private showPositions(): void {
    const waiting = this.queue.all().filter(({ state }) => state === 'waiting');
    for (const [i, { name }] of waiting.entries()) this.updateJob(name, { position: i + 1 });
  }
}

/** How long an engine that lost its studio may take to save and leave, and how often it is looked for. */
const [ORPHAN_PATIENCE_MS, ORPHAN_POLL_MS] = [130_000, 250];

async function orphanToLeave(folder: string): Promise<void> {
  const until = Date.now() + ORPHAN_PATIENCE_MS;
  while (Date.now() < until && (await runOwner(folder))) {
    await new Promise((resolve) => setTimeout(resolve, ORPHAN_POLL_MS));
  }
}

function readable(yaml: string): WrittenRecipe | undefined {
  try {
    return parseRecipe(yaml, 'recipe');
  } catch {
    return undefined;
  }
}
