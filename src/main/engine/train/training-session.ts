/**
 * What surrounds the training loop: metrics to files, checkpoints, commands from outside, full disks. The loop knows
 * nothing of it, and this knows nothing of models.
 */
import { basename } from 'node:path';
import type { EngineMessage } from '../../../shared/engine-protocol.ts';
import type { RunRecord, RunState } from '../../../shared/run-record.ts';
import { JobError } from '../jobs/failure.ts';
import type { JobControl } from '../jobs/job-control.ts';
import { writeTextDurably } from '../model/durable-file.ts';
import type { RunPosition } from './checkpoint-format.ts';
import type { Checkpoints, SavedCheckpoint } from './checkpoints.ts';
import { publishModel } from './final-model.ts';
import type { MetricsSink } from './metrics-sink.ts';
import type { RunFolder } from './run-folder.ts';
import type { TrainingEvent, TrainingLoop } from './training-loop.ts';
import { NonFiniteError } from './updater.ts';

export interface SessionSetup {
  readonly run: RunFolder;
  readonly loop: Pick<TrainingLoop, 'run' | 'totalSteps'>;
  readonly metrics: MetricsSink;
  readonly checkpoints: Checkpoints;
  readonly control: JobControl;
  /** Optimizer steps between two checkpoints. */
  readonly every: number;
  /** Where the loop stands. */
  readonly from: RunPosition;
  /** Wait between two tries on a full disk, in milliseconds. */
  readonly retryMs?: number;
}

type Messages = AsyncGenerator<EngineMessage, void>;

const FULL_DISK_RETRY_MS = 30_000;

const isDiskFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException | undefined)?.code ?? '');

/** Trains a run from where its loop stands until it is finished or told to stop. */
export class TrainingSession {
  private readonly setup: SessionSetup;
  private position: RunPosition;
  private lastLoss: number | undefined;

  constructor(setup: SessionSetup) {
    this.setup = setup;
    this.position = setup.from;
  }

  /** The messages of the run; the last one is its result. @throws what the loop throws, after a save that is under way has ended */
  async *run(): Messages {
    const { loop, control, checkpoints } = this.setup;
    yield* this.changeState('running');
    try {
      for await (const event of loop.run()) {
        yield* this.report(event);
        yield* this.saveIfDue();
        await control.breathe();
        yield* this.trySave(() => Promise.resolve(checkpoints.poll()));
        yield* this.waitWhilePaused();
        if (control.stopRequested) return yield* this.stop();
      }
      yield* this.finish();
    } catch (error) {
      await checkpoints.finish().catch(() => undefined);
      throw error instanceof NonFiniteError ? await this.keepNonFinite(error) : error;
    }
  }

  private async *report(event: TrainingEvent): Messages {
    if (event.type === 'micro') {
      this.position = { step: event.step, microBatch: event.microBatch };
      yield event;
      return;
    }
    const { metrics } = event;
    this.position = { step: metrics.step, microBatch: 0 };
    this.lastLoss = metrics.loss;
    for (;;) {
      try {
        this.setup.metrics.append(metrics);
        break;
      } catch (error) {
        yield* this.waitForSpace(error);
      }
    }
    yield { type: 'metrics', metrics };
  }

  private async *saveIfDue(): Messages {
    const { step, microBatch } = this.position;
    const { loop, every, control, checkpoints } = this.setup;
    const isDue = microBatch === 0 && step % every === 0 && step < loop.totalSteps;
    if (control.takeCheckpointRequest() || isDue) yield* this.trySave(() => checkpoints.begin(this.position));
  }

  /** Saves what the loop holds now and waits until it is on the disk. */
  private async *saveAndWait(): Messages {
    const { checkpoints } = this.setup;
    yield* this.changeState('checkpointing');
    yield* this.trySave(() => checkpoints.begin(this.position));
    yield* this.trySave(() => checkpoints.finish());
  }

  /** Reports the save that `attempt` brings to its end. Where the disk is full, waits for space and saves anew. */
  private async *trySave(attempt: () => Promise<SavedCheckpoint | undefined>): Messages {
    const { checkpoints } = this.setup;
    for (let act = attempt; ;) {
      try {
        const saved = await act();
        if (saved) yield* this.announce(saved);
        return;
      } catch (error) {
        yield* this.waitForSpace(error);
      }
      act = async () => (await checkpoints.begin(this.position)) ?? checkpoints.finish();
    }
  }

  private async *announce({ position, folder, totals, heldMs, savedMs }: SavedCheckpoint): Messages {
    await this.record({ progress: { ...position, checkpoint: basename(folder) }, totals });
    yield { type: 'checkpoint', ...position, folder, heldMs, savedMs };
  }

  private async *waitWhilePaused(): Messages {
    const { control, checkpoints } = this.setup;
    if (!control.pauseRequested || control.stopRequested) return;
    yield* this.changeState('paused');
    while (control.pauseRequested && !control.stopRequested) {
      if (control.takeCheckpointRequest()) {
        yield* this.trySave(() => checkpoints.begin(this.position));
        yield* this.trySave(() => checkpoints.finish());
      } else await control.nextCommand();
    }
    if (!control.stopRequested) yield* this.changeState('running');
  }

  /** Pauses until it is worth trying again: after a while, or when told to resume. Any other error is thrown on. */
  private async *waitForSpace(error: unknown): Messages {
    if (!isDiskFull(error)) throw error;
    const { control, run, checkpoints, retryMs = FULL_DISK_RETRY_MS } = this.setup;
    if (control.stopRequested) {
      const last = checkpoints.last ? `The last checkpoint is ${basename(checkpoints.last.folder)}` : 'There is none';
      const whatToDo = 'Free some space, then resume the run';
      throw new JobError(`The disk is full: no checkpoint could be saved. ${last}`, whatToDo, { cause: error });
    }
    const reason = `The disk of ${run.folder} is full. Free some space; it is tried again every ${Math.ceil(retryMs / 1000)} s`;
    yield* this.changeState('paused', reason);
    await control.nextCommand(retryMs);
    yield* this.changeState('running');
  }

  private async *stop(): Messages {
    const { checkpoints } = this.setup;
    yield* this.saveAndWait();
    yield* this.changeState('stopped');
    const folder = checkpoints.last?.folder;
    yield { type: 'result', outcome: 'stopped', step: this.position.step, ...(folder !== undefined && { folder }) };
  }

  private async *finish(): Messages {
    const { run, checkpoints } = this.setup;
    yield* this.saveAndWait();
    const { last } = checkpoints;
    if (!last) throw new Error('a finished run has a checkpoint');
    await publishModel(last.folder, run.path('final'));
    const { trainingMs } = last.totals;
    await this.record({ result: this.lastLoss === undefined ? { trainingMs } : { loss: this.lastLoss, trainingMs } });
    yield* this.changeState('finished');
    yield { type: 'result', outcome: 'finished', step: this.position.step, folder: run.path('final') };
  }

  private async *changeState(state: RunState, reason?: string): Messages {
    await this.record({ state, reason });
    yield { type: 'state', state, ...(reason !== undefined && { reason }) };
  }

  /** Changes run.json. On a full disk it stays as it was: it says nothing that the checkpoints do not. */
  private async record(changes: Partial<RunRecord>): Promise<void> {
    await this.setup.run.update(changes).catch((error: unknown) => {
      if (!isDiskFull(error)) throw error;
    });
  }

  /** The samples that gave the bad number, for whoever looks for the reason. */
  private async keepNonFinite(error: NonFiniteError): Promise<JobError> {
    const { step, sampleIds } = error;
    const file = this.setup.run.path('nonFinite');
    // JSON has no NaN: as text.
    const [loss, gradNorm] = [String(error.loss), String(error.gradNorm)];
    await writeTextDurably(file, `${JSON.stringify({ step, loss, gradNorm, sampleIds }, null, 2)}\n`);
    const whatToDo = `See the samples in ${file}. A lower lr, a longer warm-up or a smaller maxGradNorm often helps`;
    return new JobError(`Training stopped at ${error.message}`, whatToDo, { cause: error });
  }
}
