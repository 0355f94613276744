import { JobFailure, runEngineJob, type JobMessage, type PlainJob } from '../studio/engine-job.ts';
import { INTERRUPTED, interruptible } from './end-signals.ts';

const FAILED = 1;

/**
 * Does a command's work. Ctrl-C asks it to end as it can, a second one ends the program. A failure of the engine is
 * printed.
 *
 * @returns exit code: 0, or what went wrong
 */
export function untilInterrupted(work: (signal: AbortSignal) => Promise<void>): Promise<number> {
  return interruptible(async (signal) => {
    try {
      await work(signal);
      return signal.aborted ? INTERRUPTED : 0;
    } catch (error) {
      if (!(error instanceof JobFailure)) throw error;
      process.stderr.write(`llavolta: ${error.message}\n`);
      return signal.aborted ? INTERRUPTED : FAILED;
    }
  });
}

/** Runs an engine's job for a command and hands over what it tells. @returns exit code, as `untilInterrupted` */
export function followJob(job: PlainJob, onMessage: (message: JobMessage) => void): Promise<number> {
  return untilInterrupted(async (signal) => {
    for await (const message of runEngineJob(job, signal)) onMessage(message);
  });
}
