/** The studio: everything behind the API, put together. It knows no HTTP and no window. */
import { mkdir } from 'node:fs/promises';
import type { ExperimentDetail, ExperimentRow } from '../../shared/api/experiments.ts';
import type { StudioEvent } from '../../shared/api/events.ts';
import type { EngineFinding } from '../../shared/api/engine.ts';
import type { RunSummary } from '../../shared/api/runs.ts';
import type { Demo, Session } from '../../shared/api/session.ts';
import type { EngineDiagnosis } from '../../shared/engine-report.ts';
import { AnswerDesk } from './compare/answer-desk.ts';
import { Batches } from './compare/batches.ts';
import { DatasetLibrary } from './datasets/dataset-library.ts';
import { EngineReports } from './engine/engine-reports.ts';
import { EventHub } from './events/event-hub.ts';
import { JobBoard } from './jobs/job-board.ts';
import { MediaStore } from './media/media-store.ts';
import { ModelExports } from './models/model-exports.ts';
import { ModelLibrary } from './models/model-library.ts';
import type { PreflightTools } from './recipes/preflight.ts';
import { Probes } from './recipes/probes.ts';
import { notFound } from './request-error.ts';
import { RunStore } from './runs/run-store.ts';
import { RunWatch } from './runs/run-watch.ts';
import { TrainingDesk } from './runs/training-desk.ts';
import { AttentionStudies } from './studies/attention-studies.ts';
import { Studies } from './studies/studies.ts';
import { workspaceOf, type Workspace } from './workspace.ts';

/** What runs the demo, and how far it is. */
export interface DemoRunner {
  readonly state: Demo;
  start(options: { readonly offline: boolean }): Demo;
}

/** What runs experiments, and what they found. */
export interface ExperimentDesk {
  list(): Promise<ExperimentRow[]>;
  get(name: string): Promise<ExperimentDetail>;
  start(name: string): Promise<ExperimentRow>;
  stop(name: string): void;
  report(name: string): Promise<{ name: string; content: string }[]>;
}

export interface StudioOptions {
  /** Folder that holds runs/, data/ and models/; also the working folder of this process. */
  readonly workspace: string;
  /** Folder that files can be browsed below. */
  readonly root: string;
  readonly version: string;
  readonly folderDialogs: Session['folderDialogs'];
  /** Looks at the machine and its engine; takes seconds. */
  diagnose(): Promise<{ readonly diagnosis: EngineDiagnosis; readonly findings: readonly EngineFinding[] }>;
  /** Folder of TensorFlow's libraries and downloads. */
  readonly cacheFolder: string;
  makeDemo(studio: Studio): DemoRunner;
  makeExperiments(studio: Studio): ExperimentDesk;
  /** The engine's program; its own unless a test says otherwise. */
  readonly entry?: string;
}

export class Studio {
  readonly workspace: Workspace;
  readonly root: string;
  readonly events = new EventHub();
  readonly board = new JobBoard(this.events);
  readonly desk: TrainingDesk;
  readonly runs: RunStore;
  readonly models: ModelLibrary;
  readonly exports: ModelExports;
  readonly datasets: DatasetLibrary;
  readonly media: MediaStore;
  readonly answers: AnswerDesk;
  readonly batches: Batches;
  readonly studies: Studies;
  readonly attention: AttentionStudies;
  readonly probes: Probes;
  readonly engine: EngineReports;
  readonly demo: DemoRunner;
  readonly experiments: ExperimentDesk;
  private readonly options: StudioOptions;
  private readonly watch: RunWatch;
  private readonly end = new AbortController();

  private constructor(options: StudioOptions) {
    const workspace = workspaceOf(options.workspace);
    const { events, board } = this;
    const entry = options.entry === undefined ? {} : { entry: options.entry };
    this.options = options;
    this.workspace = workspace;
    this.root = options.root;
    this.desk = new TrainingDesk({ workspace, events, board, ...entry });
    this.runs = new RunStore(workspace, (name) => this.desk.liveStateOf(name));
    this.watch = new RunWatch(this.runs, events, (name) => this.desk.trains(name));
    this.models = new ModelLibrary(workspace, this.runs);
    this.datasets = new DatasetLibrary(workspace, this.root, events, board);
    this.media = new MediaStore(workspace, this.datasets);
    const shared = { workspace, events, board, datasets: this.datasets, media: this.media, models: this.models };
    this.answers = new AnswerDesk({ ...shared, ...entry });
    // A run that was deleted meanwhile needs no telling.
    const onRunEvaluated = (run: string): void => void this.tellRun(run).catch(() => undefined);
    this.batches = new Batches({ ...shared, ...entry, onRunEvaluated });
    this.studies = new Studies({ ...shared, ...entry });
    this.attention = new AttentionStudies({ ...shared, ...entry });
    this.exports = new ModelExports({ ...shared, root: this.root, ...entry });
    this.probes = new Probes(workspace, events, board, options.entry);
    this.engine = new EngineReports(workspace, options);
    this.demo = options.makeDemo(this);
    this.experiments = options.makeExperiments(this);
  }

  /** Opens a workspace: folders are made where they are missing, and what was interrupted goes on. */
  static async open(options: StudioOptions): Promise<Studio> {
    const studio = new Studio(options);
    const { workspace } = studio;
    for (const folder of [workspace.runs, workspace.data, workspace.models, workspace.studio]) {
      await mkdir(folder, { recursive: true });
    }
    await studio.datasets.open();
    await studio.answers.open();
    await studio.batches.open();
    await studio.attention.open();
    await studio.desk.open(studio.runs);
    await studio.watch.open();
    return studio;
  }

  /** Aborted when the studio ends: open answers end then. */
  get closing(): AbortSignal {
    return this.end.signal;
  }

  /** Whether a training is under way: closing waits for it to save. */
  get isTraining(): boolean {
    return this.desk.isTraining;
  }

  get preflightTools(): PreflightTools {
    const { workspace, models, datasets } = this;
    return { workspace, models, scan: (file, images) => datasets.scan(file, images) };
  }

  /** Rows of all runs, newest first, those that wait included. */
  async runSummaries(): Promise<RunSummary[]> {
    const all = [...(await this.desk.waiting()), ...(await this.runs.summaries())];
    return all.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  }

  /** Tells a run's row to all who listen, and returns it. @throws RequestError where there is none */
  async tellRun(name: string): Promise<RunSummary> {
    const run = await this.desk.summary(name);
    if (!run) throw notFound(`run ${name}`);
    this.events.publish({ kind: 'run', run });
    return run;
  }

  /** Deletes a run, or takes one that waits out of the queue. @throws RequestError while it is in training */
  async removeRun(name: string): Promise<void> {
    if (await this.desk.forget(name)) return;
    await this.runs.remove(name);
    this.events.publish({ kind: 'run-removed', name });
  }

  async session(): Promise<Session> {
    const { version, folderDialogs } = this.options;
    const [runs, datasets] = [await this.runs.names(), this.datasets.list()];
    return {
      ...{ version, platform: `${process.platform} ${process.arch}`, folderDialogs },
      ...{ workspace: this.workspace.folder, root: this.root },
      firstStart: runs.length === 0 && datasets.length === 0,
      demo: this.demo.state,
    };
  }

  /** Everything that changes, as it is now. */
  async snapshot(): Promise<StudioEvent> {
    const [runs, studies] = [await this.runSummaries(), await this.studies.list()];
    const [jobs, datasets] = [this.board.list(), this.datasets.list()];
    return { kind: 'snapshot', runs, jobs, datasets, asks: this.answers.running(), demo: this.demo.state, studies };
  }

  /** Ends everything. Trainings save first, and go on when the workspace is opened again. */
  async close(): Promise<void> {
    this.watch.close();
    this.answers.close();
    for (const { id, kind, state } of this.board.list()) {
      if (kind !== 'train' && state === 'running') this.board.cancel(id);
    }
    await this.desk.close();
    this.end.abort();
  }
}
