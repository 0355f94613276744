import type { PlainJob } from '../studio/engine-job.ts';
import { JobFailure, runEngineJob, type JobMessage } from '../studio/engine-job.ts';
import { DemoStopped } from './training-phase.ts';

/**
 * Runs a job whose messages are handed over as they come. Ctrl-C ends it.
 *
 * @throws DemoStopped where it ends without finishing
 */
export async function engineWork(job: PlainJob, onMessage: (message: JobMessage) => void): Promise<void> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    for await (const message of runEngineJob(job, controller.signal)) onMessage(message);
  } catch (error) {
    if (!(error instanceof JobFailure)) throw error;
    throw new DemoStopped(error.message, controller.signal.aborted);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
  if (controller.signal.aborted) throw new DemoStopped('', true);
}
