/**
 * The contract between a parent (studio, terminal program) and its engine process, over Node's IPC channel. One engine
 * process does one job: it says `ready`, is told to `start`, reports, and ends with `result`, `done` or `error` and its exit.
 */
import { z } from 'zod';
import { answerEventSchema, askJobSchema, converseJobSchema, questionSchema } from './answer.ts';
import { attentionJobSchema, attentionProgressSchema, attentionReportSchema } from './attention-study.ts';
import {
  batchTimesSchema,
  evaluatedAnswerSchema,
  evaluateJobSchema,
  evaluationProgressSchema,
  evaluationReportSchema,
} from './evaluation.ts';
import { executionModeSchema } from './execution-mode.ts';
import { exportedSchema, exportJobSchema, exportProgressSchema } from './export.ts';
import { trainMetricsSchema, visionMetricsSchema } from './metrics.ts';
import { probedRunSchema, probedStageSchema, probeJobSchema, probeResultSchema } from './probe.ts';
import { failureSchema, runPlanSchema, runStateSchema } from './run-record.ts';
import { checkSchema, verifyJobSchema } from './verification.ts';

const text = z.string();
const count = z.int().min(0);

/** Folder name of a run. */
export const RUN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

const newRunSchema = z.strictObject({
  mode: z.literal('new'),
  /** A YAML file, or the name of a preset. */
  recipe: text.min(1),
  /** `key.path=value`, as of the command line's `--set`. */
  overrides: z.array(text),
  /** Absolute path of the folder that holds the runs' folders. */
  runs: text.min(1),
  /** Name of the run's folder, which must be new; by default the recipe's name, with a number where that is taken. */
  name: z.string().regex(RUN_NAME, 'must be a folder name: letters, digits, dots, underscores and hyphens').optional(),
  /** What was measured before; the run keeps a forecast made of it. */
  probe: probeResultSchema.optional(),
});

/** Go on from the newest checkpoint. `folder`: absolute path of the run's folder. */
const resumedRunSchema = z.strictObject({ mode: z.literal('resume'), folder: text.min(1) });

/** Train a run, from its beginning or from where it stopped. */
export const trainJobSchema = z.strictObject({
  kind: z.literal('train'),
  run: z.discriminatedUnion('mode', [newRunSchema, resumedRunSchema]),
  /** By default as the run was begun, so that it ends with the same bits; a new run: graph. */
  execution: executionModeSchema.optional(),
});
export type TrainJob = z.infer<typeof trainJobSchema>;

/** What an engine process can be asked to do. */
const jobSchema = z.discriminatedUnion('kind', [
  trainJobSchema,
  evaluateJobSchema,
  attentionJobSchema,
  askJobSchema,
  converseJobSchema,
  probeJobSchema,
  verifyJobSchema,
  exportJobSchema,
]);
export type Job = z.infer<typeof jobSchema>;
export type JobKind = Job['kind'];

/** Parent → engine. All but `start` and `ping` act at the job's next pause for breath (training: within a micro-batch). */
export const engineCommandSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('start'), job: jobSchema }),
  z.strictObject({ type: z.literal('pause') }),
  z.strictObject({ type: z.literal('resume') }),
  /** Save a checkpoint now and go on. */
  z.strictObject({ type: z.literal('checkpoint') }),
  /** Save a checkpoint and leave with exit code 0. */
  z.strictObject({ type: z.literal('stop') }),
  /** Job `converse`: answer a question when those before it are answered. `id` is the parent's. */
  z.strictObject({ type: z.literal('ask'), id: text, question: questionSchema }),
  /** Job `converse`: end the answer to a question, or forget it where it still waits. */
  z.strictObject({ type: z.literal('end-answer'), id: text }),
  z.strictObject({ type: z.literal('ping'), id: count }),
]);
export type EngineCommand = z.infer<typeof engineCommandSchema>;

/** Engine → parent. */
export const engineMessageSchema = z.discriminatedUnion('type', [
  /** The process listens. */
  z.strictObject({ type: z.literal('ready'), pid: count }),
  z.strictObject({ type: z.literal('pong'), id: count }),
  z.strictObject({ type: z.literal('log'), level: z.enum(['info', 'warning']), text }),
  /** The folder of the run that is trained. */
  z.strictObject({ type: z.literal('run'), folder: text }),
  /** What the training is about to do, once it knows. `fromStep`: optimizer steps that were done before. */
  z.strictObject({ type: z.literal('plan'), plan: runPlanSchema, fromStep: count }),
  /** The run's state changed; `reason` says why it is paused. */
  z.strictObject({ type: z.literal('state'), state: runStateSchema, reason: text.optional() }),
  /** A micro-batch of optimizer step `step` (from 0) is done. */
  z.strictObject({ type: z.literal('micro'), step: count, microBatch: count, of: count }),
  z.strictObject({ type: z.literal('metrics'), metrics: z.union([trainMetricsSchema, visionMetricsSchema]) }),
  /** A checkpoint is on the disk. `heldMs`: how long the training loop stood still for it. */
  z.strictObject({
    type: z.literal('checkpoint'),
    step: count,
    microBatch: count,
    folder: text,
    heldMs: z.number().min(0),
    savedMs: z.number().min(0),
  }),
  /** The job is over: `finished`, or `stopped` where it was told to and can be resumed. */
  z.strictObject({
    type: z.literal('result'),
    outcome: z.enum(['finished', 'stopped']),
    step: count,
    /** Model folder of a finished run, newest checkpoint of a stopped one; absent where nothing was saved yet. */
    folder: text.optional(),
  }),
  /** How far an evaluation is, and what it found. */
  z.strictObject({ type: z.literal('evaluation-progress'), progress: evaluationProgressSchema }),
  z.strictObject({ type: z.literal('evaluation-report'), report: evaluationReportSchema }),
  z.strictObject({
    type: z.literal('evaluation-answers'),
    /** A whole batch. */
    answers: z.array(evaluatedAnswerSchema),
    times: batchTimesSchema,
  }),
  /** How far a measurement of attention by depth is, and what it found. */
  z.strictObject({ type: z.literal('attention-progress'), progress: attentionProgressSchema }),
  z.strictObject({ type: z.literal('attention-report'), report: attentionReportSchema }),
  z.strictObject({ type: z.literal('answer'), event: answerEventSchema }),
  /** Job `converse`: the model is loaded; a question has been answered, or could not be. */
  z.strictObject({ type: z.literal('listening') }),
  z.strictObject({ type: z.literal('answered'), id: text, failure: failureSchema.optional() }),
  z.strictObject({ type: z.literal('probe'), stage: probedStageSchema }),
  /** Last of a probe: what holds for all settings. */
  z.strictObject({ type: z.literal('probed-run'), run: probedRunSchema }),
  /** One tensor of a reference case was compared. */
  z.strictObject({ type: z.literal('check'), check: checkSchema }),
  z.strictObject({ type: z.literal('export-progress'), progress: exportProgressSchema }),
  z.strictObject({ type: z.literal('exported'), exported: exportedSchema }),
  /** A job other than a training is over. */
  z.strictObject({ type: z.literal('done') }),
  z.strictObject({ type: z.literal('error'), failure: failureSchema }),
]);
export type EngineMessage = z.infer<typeof engineMessageSchema>;
export type MetricsMessage = Extract<EngineMessage, { type: 'metrics' }>;

/** Exit codes of an engine process. */
export const ENGINE_EXIT = {
  /** The job is finished, or was stopped and has saved. */
  done: 0,
  /** The job failed and has said why in an `error` message. Starting it again would fail again. */
  failed: 1,
} as const;
