import type { EvaluateJob, EvaluationProgress } from '../../shared/evaluation.ts';
import { JobFailure, runEngineJob } from '../studio/engine-job.ts';
import type { FoundAnswers, WorkOutcome } from './experiment-run.ts';

/** What came of asking a run's model all questions. */
export type Asked = WorkOutcome | { readonly type: 'answered'; readonly found: FoundAnswers };

/**
 * Asks a model all questions, in an engine process of its own.
 *
 * @param signal ends it without an answer
 * @param entry the engine's program; its own unless a test says otherwise
 */
export async function askRun(
  job: EvaluateJob,
  onProgress: (progress: EvaluationProgress) => void,
  signal: AbortSignal,
  entry?: string,
): Promise<Asked> {
  const answers: FoundAnswers['answers'] = [];
  let report: FoundAnswers['report'] | undefined;
  try {
    for await (const message of runEngineJob(job, signal, entry)) {
      if (message.type === 'evaluation-progress') onProgress(message.progress);
      if (message.type === 'evaluation-answers') answers.push(...message.answers);
      if (message.type === 'evaluation-report') report = message.report;
    }
  } catch (error) {
    if (!(error instanceof JobFailure)) throw error;
    return signal.aborted ? { type: 'stopped' } : { type: 'failed', text: error.message };
  }
  if (signal.aborted || !report) return { type: 'stopped' };
  return { type: 'answered', found: { report, answers } };
}
