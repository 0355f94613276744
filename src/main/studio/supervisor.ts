import { ENGINE_EXIT, type EngineCommand, type EngineMessage, type TrainJob } from '../../shared/engine-protocol.ts';
import type { Failure } from '../../shared/run-record.ts';
import { EngineProcess } from './engine-process.ts';
import { failureOfExit, type ProcessExit } from './exit-reason.ts';
import { recordFailure } from './run-failure.ts';

/** More crashes than this within the window, and a job is given up. */
export const MAX_CRASHES = 3;
const CRASH_WINDOW_MS = 5 * 60_000;

/** An engine that was told to stop and has not left after this long is killed. It has to finish a micro-batch and save. */
const STOP_TIMEOUT_MS = 120_000;

export type EngineResult = Extract<EngineMessage, { type: 'result' }>;

/** How a job ended. */
export type JobOutcome =
  { readonly type: 'done'; readonly result: EngineResult } | { readonly type: 'failed'; readonly failure: Failure };

export interface SupervisorOptions {
  readonly job: TrainJob;
  onMessage(message: EngineMessage): void;
  /** The engine is gone; `resumes` says whether it is started again. */
  onCrash?(failure: Failure, resumes: boolean): void;
  /** Program of the engine process; the engine's own unless a test says otherwise. */
  readonly entry?: string;
  readonly stopTimeoutMs?: number;
}

const STOPPED_THE_HARD_WAY: Failure = {
  cause: 'The engine was ended without saving',
  whatToDo: 'Resume the run: it goes on from its last checkpoint',
  details: 'It was told to leave at once, or did not leave in the time allowed.',
};

/** Runs one training in an engine process and starts it again where it crashes: a training goes on from its last checkpoint. */
export class Supervisor {
  private readonly options: SupervisorOptions;
  private engine: EngineProcess | undefined;
  private job: TrainJob;
  private result: EngineResult | undefined;
  private failure: Failure | undefined;
  private crashes: number[] = [];
  private isStopping = false;
  private wasKilled = false;
  private killTimer: NodeJS.Timeout | undefined;
  private readonly settle: (outcome: JobOutcome) => void;
  /** Resolves when the job is over and no process is left. It never rejects. */
  readonly outcome: Promise<JobOutcome>;

  /** Starts the job. */
  constructor(options: SupervisorOptions) {
    this.options = options;
    this.job = options.job;
    let settle: (outcome: JobOutcome) => void = () => undefined;
    this.outcome = new Promise((resolve) => (settle = resolve));
    this.settle = settle;
    this.launch();
  }

  /** The engine process, while there is one. */
  get pid(): number | undefined {
    return this.engine?.pid;
  }

  pause(): void {
    this.send({ type: 'pause' });
  }

  resume(): void {
    this.send({ type: 'resume' });
  }

  checkpoint(): void {
    this.send({ type: 'checkpoint' });
  }

  /** Asks the engine to save and leave; kills it where it does not within the time allowed. */
  stop(): void {
    this.isStopping = true;
    this.send({ type: 'stop' });
    this.killTimer ??= setTimeout(() => this.kill(), this.options.stopTimeoutMs ?? STOP_TIMEOUT_MS);
  }

  /** Ends the engine without asking. What it did since its last checkpoint is lost. */
  kill(): void {
    this.isStopping = true;
    this.wasKilled = true;
    this.engine?.kill();
  }

  private send(command: EngineCommand): void {
    this.engine?.send(command);
  }

  private launch(): void {
    this.result = undefined;
    this.failure = undefined;
    this.engine = new EngineProcess(
      { onMessage: (message) => this.receive(message), onExit: (exit) => void this.leave(exit) },
      this.options.entry,
    );
  }

  private receive(message: EngineMessage): void {
    if (message.type === 'ready') this.send(this.isStopping ? { type: 'stop' } : { type: 'start', job: this.job });
    // From here on the run has a folder: after a crash it is resumed, not begun once more.
    if (message.type === 'run') this.job = { kind: 'train', run: { mode: 'resume', folder: message.folder } };
    if (message.type === 'result') this.result = message;
    if (message.type === 'error') this.failure = message.failure;
    this.options.onMessage(message);
  }

  private async leave(exit: ProcessExit): Promise<void> {
    this.engine = undefined;
    clearTimeout(this.killTimer);
    if (this.result && exit.code === ENGINE_EXIT.done) return this.settle({ type: 'done', result: this.result });
    // It said why itself: starting it again would fail again.
    if (this.failure) return this.settle({ type: 'failed', failure: this.failure });
    const failure = this.wasKilled ? STOPPED_THE_HARD_WAY : failureOfExit(exit);
    const resumes = !this.isStopping && this.mayResume();
    this.options.onCrash?.(failure, resumes);
    if (resumes) return this.launch();
    if (this.job.run.mode === 'resume') await recordFailure(this.job.run.folder, failure);
    this.settle({ type: 'failed', failure });
  }

  /** Notes a crash. */
  private mayResume(): boolean {
    const now = Date.now();
    this.crashes = [...this.crashes.filter((time) => now - time < CRASH_WINDOW_MS), now];
    return this.crashes.length <= MAX_CRASHES;
  }
}
