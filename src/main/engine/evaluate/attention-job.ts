import type { AttentionJob } from '../../../shared/attention-study.ts';
import type { EngineMessage } from '../../../shared/engine-protocol.ts';
import type { JobControl } from '../jobs/job-control.ts';
import { studyAttention } from './attention-study.ts';

/** Measures attention by depth. Told to stop, it leaves without a report. */
export async function* runAttentionJob(job: AttentionJob, control: JobControl): AsyncGenerator<EngineMessage> {
  for await (const event of studyAttention(job)) {
    if (event.type === 'report') yield { type: 'attention-report', report: event.report };
    else yield { type: 'attention-progress', progress: event.progress };
    await control.breathe();
    if (control.stopRequested) break;
  }
  yield { type: 'done' };
}
