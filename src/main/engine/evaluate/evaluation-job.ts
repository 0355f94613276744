import type { EngineMessage } from '../../../shared/engine-protocol.ts';
import type { EvaluateJob } from '../../../shared/evaluation.ts';
import type { JobControl } from '../jobs/job-control.ts';
import { evaluate } from './evaluate.ts';

/** Evaluates a model. Told to stop, it leaves without a report. */
export async function* runEvaluationJob(job: EvaluateJob, control: JobControl): AsyncGenerator<EngineMessage> {
  for await (const event of evaluate(job)) {
    if (event.type === 'report') yield { type: 'evaluation-report', report: event.report };
    else if (event.type === 'answers') yield { ...event, type: 'evaluation-answers' };
    else yield { type: 'evaluation-progress', progress: event.progress };
    await control.breathe();
    if (control.stopRequested) break;
  }
  yield { type: 'done' };
}
