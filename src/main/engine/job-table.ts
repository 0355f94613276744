import type { EngineMessage, Job, JobKind } from '../../shared/engine-protocol.ts';
import type { JobControl } from './jobs/job-control.ts';

/** A job's messages, in order; it ends with a `result` or `done`. What it throws becomes an `error`. */
export type RunJob<J extends Job> = (job: J, control: JobControl) => AsyncGenerator<EngineMessage>;

type JobTable = { readonly [K in JobKind]: () => Promise<RunJob<Extract<Job, { kind: K }>>> };

/** Jobs by kind. Each is loaded only when it is asked for. */
export const JOBS: JobTable = {
  train: async () => (await import('./train/training-job.ts')).runTrainingJob,
  evaluate: async () => (await import('./evaluate/evaluation-job.ts')).runEvaluationJob,
  attention: async () => (await import('./evaluate/attention-job.ts')).runAttentionJob,
  ask: async () => (await import('./generate/ask-job.ts')).runAskJob,
  converse: async () => (await import('./generate/converse-job.ts')).runConverseJob,
  probe: async () => (await import('./train/probe-job.ts')).runProbeJob,
  verify: async () => (await import('./verify/verification-job.ts')).runVerificationJob,
  export: async () => (await import('./export/export-job.ts')).runExportJob,
};
