import { JobFailure, runEngineJob, type JobMessage, type PlainJob } from '../studio/engine-job.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const FAILED = 1;
/** What a shell expects of a program that was interrupted. */
const INTERRUPTED = 130;

/**
 * Runs an engine's job for a command and hands over what it tells. Ctrl-C lets the job end as it can, a second one ends
 * the program. A failure is printed.
 *
 * @returns exit code: 0, or what went wrong
 */
export async function followJob(job: PlainJob, onMessage: (message: JobMessage) => void): Promise<number> {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    for await (const message of runEngineJob(job, controller.signal)) onMessage(message);
    return controller.signal.aborted ? INTERRUPTED : 0;
  } catch (error) {
    if (!(error instanceof JobFailure)) throw error;
    process.stderr.write(`llavolta: ${error.message}\n`);
    return controller.signal.aborted ? INTERRUPTED : FAILED;
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}
