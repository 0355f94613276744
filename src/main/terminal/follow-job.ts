import { JobFailure, runEngineJob, type JobMessage, type PlainJob } from '../studio/engine-job.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const FAILED = 1;
/** What a shell expects of a program that was interrupted. */
const INTERRUPTED = 130;

/**
 * Does a command's work. Ctrl-C asks it to end as it can, a second one ends the program. A failure of the engine is
 * printed.
 *
 * @returns exit code: 0, or what went wrong
 */
export async function untilInterrupted(work: (signal: AbortSignal) => Promise<void>): Promise<number> {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    await work(controller.signal);
    return controller.signal.aborted ? INTERRUPTED : 0;
  } catch (error) {
    if (!(error instanceof JobFailure)) throw error;
    process.stderr.write(`llavolta: ${error.message}\n`);
    return controller.signal.aborted ? INTERRUPTED : FAILED;
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}

/** Runs an engine's job for a command and hands over what it tells. @returns exit code, as `untilInterrupted` */
export function followJob(job: PlainJob, onMessage: (message: JobMessage) => void): Promise<number> {
  return untilInterrupted(async (signal) => {
    for await (const message of runEngineJob(job, signal)) onMessage(message);
  });
}
