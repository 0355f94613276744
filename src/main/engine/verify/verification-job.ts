import type { EngineMessage } from '../../../shared/engine-protocol.ts';
import type { VerifyJob } from '../../../shared/verification.ts';
import type { JobControl } from '../jobs/job-control.ts';
import { verify } from './verify.ts';

/** Compares the engine with reference cases and tells each check. */
export async function* runVerificationJob(
  { folder, execution }: VerifyJob,
  control: JobControl,
): AsyncGenerator<EngineMessage> {
  for await (const check of verify(folder, execution)) {
    yield { type: 'check', check };
    await control.breathe();
    if (control.stopRequested) break;
  }
  yield { type: 'done' };
}
