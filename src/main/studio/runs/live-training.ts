/** One training under way: its supervisor's messages as events and log lines. */
import type { LogLine } from '../../../shared/api/runs.ts';
import type { EngineMessage, TrainJob } from '../../../shared/engine-protocol.ts';
import type { TrainMetrics, VisionMetrics } from '../../../shared/metrics.ts';
import type { Failure, RunState } from '../../../shared/run-record.ts';
import { Batched } from '../events/batched.ts';
import type { EventHub } from '../events/event-hub.ts';
import { Supervisor, type JobOutcome } from '../supervisor.ts';
import { appendLog } from './run-log.ts';
import type { LiveState } from './run-summary.ts';

/** At most ten metrics events a second. */
const METRICS_EVERY_MS = 100;
/** Micro-batches are told this often: they only show that a long step goes on. */
const MICRO_EVERY_MS = 250;

export interface LiveTrainingOptions {
  readonly name: string;
  readonly job: TrainJob;
  /** The run's folder, where it will be. */
  readonly folder: string;
  /** The engine's program; its own unless a test says otherwise. */
  readonly entry?: string;
  readonly events: EventHub;
  /** The run's folder is there. */
  onBegun(): void;
  /** Something that the summary shows has changed. */
  onChange(): void;
}

export class LiveTraining {
  readonly name: string;
  readonly outcome: Promise<JobOutcome>;
  private readonly options: LiveTrainingOptions;
  private readonly supervisor: Supervisor;
  private readonly rows: Batched<TrainMetrics | VisionMetrics>;
  private live: LiveState = { state: 'starting' };
  private hasFolder: boolean;
  private lastMicro = 0;

  constructor(options: LiveTrainingOptions) {
    const { name, job, entry, events } = options;
    this.options = options;
    this.name = name;
    this.hasFolder = job.run.mode === 'resume';
    this.rows = new Batched(METRICS_EVERY_MS, (rows) => events.publish({ kind: 'metrics', run: name, rows }));
    this.supervisor = new Supervisor({
      ...{ job, ...(entry !== undefined && { entry }) },
      onMessage: (message) => this.receive(message),
      onCrash: (failure, resumes) => this.crashed(failure, resumes),
    });
    this.outcome = this.supervisor.outcome.then((outcome) => {
      this.rows.flush();
      return outcome;
    });
  }

  /** What is known beyond the run's files. */
  get state(): LiveState {
    return this.live;
  }

  get begun(): boolean {
    return this.hasFolder;
  }

  /** The engine process, while there is one. */
  get pid(): number | undefined {
    return this.supervisor.pid;
  }

  pause(): void {
    this.supervisor.pause();
  }

  resume(): void {
    this.supervisor.resume();
  }

  checkpoint(): void {
    this.supervisor.checkpoint();
  }

  /** Saves and leaves. */
  stop(): void {
    this.change({ state: 'stopping' });
    this.supervisor.stop();
  }

  /** Ends at once; what was done since the last checkpoint is lost. */
  kill(): void {
    this.supervisor.kill();
  }

  private receive(message: EngineMessage): void {
    switch (message.type) {
      case 'run':
        return this.begin();
      case 'plan':
        this.options.events.publish({ kind: 'rewound', run: this.name, step: message.fromStep });
        return this.change(this.live);
      case 'state': {
        const { state, reason } = message;
        this.enter(state, reason);
        return this.log('info', reason === undefined ? state : `${state}: ${reason}`);
      }
      case 'metrics':
        this.rows.add(message.metrics);
        return this.options.onChange();
      case 'micro':
        return this.micro(message);
      case 'checkpoint':
        this.options.onChange();
        return this.log(
          'info',
          `checkpoint at step ${message.step}, saved in ${(message.savedMs / 1000).toFixed(1)} s`,
        );
      case 'log':
        return this.log(message.level, message.text);
      case 'error':
        return this.log('error', `${message.failure.cause}. ${message.failure.whatToDo}`);
      default:
    }
  }

  /** A run that stops is shown as stopping until its engine has left: only then can it be continued. */
  private enter(state: RunState, reason: string | undefined): void {
    if (state === 'stopped' || this.live.state === 'stopping') return this.change({ state: 'stopping' });
    // Its end is told when the engine has left.
    if (state !== 'finished') this.change({ state, ...(reason !== undefined && { reason }) });
  }

  private begin(): void {
    const isNew = !this.hasFolder;
    this.hasFolder = true;
    if (isNew) this.options.onBegun();
    this.change({ state: 'starting' });
  }

  private micro({ step, microBatch, of }: Extract<EngineMessage, { type: 'micro' }>): void {
    const now = Date.now();
    if (now - this.lastMicro < MICRO_EVERY_MS) return;
    this.lastMicro = now;
    this.options.events.publish({ kind: 'micro', run: this.name, step, microBatch, of });
  }

  private crashed(failure: Failure, resumes: boolean): void {
    this.rows.flush();
    const then = resumes ? '. It goes on from the last checkpoint' : '';
    this.log('error', `${failure.cause}${then}`);
    if (!resumes) return;
    this.options.events.publish({ kind: 'notice', level: 'warning', text: `${this.name}: ${failure.cause}${then}` });
    this.change({ state: 'starting' });
  }

  private change(live: LiveState): void {
    this.live = live;
    this.options.onChange();
  }

  private log(level: LogLine['level'], text: string): void {
    const line: LogLine = { time: new Date().toISOString(), level, text };
    if (this.hasFolder) void appendLog(this.options.folder, line);
    this.options.events.publish({ kind: 'log', run: this.name, line });
  }
}
