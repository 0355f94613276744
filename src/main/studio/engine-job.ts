import { ENGINE_EXIT, type EngineMessage, type Job, type TrainJob } from '../../shared/engine-protocol.ts';
import type { Failure } from '../../shared/run-record.ts';
import { EngineProcess } from './engine-process.ts';
import { failureOfExit, type ProcessExit } from './exit-reason.ts';

/** A job that leaves nothing behind, so that a crash ends it. Trainings have a supervisor. */
export type PlainJob = Exclude<Job, TrainJob>;

/** What a job tells: everything but the words between the two processes. */
export type JobMessage = Exclude<EngineMessage, { type: 'ready' | 'pong' | 'error' | 'done' }>;

/** A job that ended without finishing. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(`${failure.cause}\n  → ${failure.whatToDo}`);
    this.failure = failure;
  }
}

/**
 * Runs a job in an engine process of its own and yields what it tells. Whoever stops reading ends the process.
 *
 * @param signal asks the job to end early; it then finishes as it can
 * @throws JobFailure where the job refuses its input, fails or crashes
 */
export async function* runEngineJob(job: PlainJob, signal?: AbortSignal, entry?: string): AsyncGenerator<JobMessage> {
  const queue: EngineMessage[] = [];
  const state: { exit?: ProcessExit; wake?: () => void } = {};
  const engine = new EngineProcess(
    {
      onMessage: (message) => {
        queue.push(message);
        state.wake?.();
      },
      onExit: (exit) => {
        state.exit = exit;
        state.wake?.();
      },
    },
    entry,
  );
  const stop = (): void => engine.send({ type: 'stop' });
  signal?.addEventListener('abort', stop);
  try {
    for (;;) {
      const message = queue.shift();
      if (message?.type === 'ready') engine.send(signal?.aborted ? { type: 'stop' } : { type: 'start', job });
      else if (message?.type === 'error') throw new JobFailure(message.failure);
      else if (message && message.type !== 'pong' && message.type !== 'done') yield message;
      if (message) continue;
      if (state.exit) break;
      await new Promise<void>((resolve) => (state.wake = resolve));
    }
    if (state.exit.code !== ENGINE_EXIT.done) throw new JobFailure(failureOfExit(state.exit));
  } finally {
    signal?.removeEventListener('abort', stop);
    if (!state.exit) engine.kill();
  }
}
