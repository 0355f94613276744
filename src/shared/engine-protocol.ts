/**
 * The contract between a parent (studio, terminal program) and its engine process, over Node's IPC channel. One engine
 * process does one job: it says `ready`, is told to `start`, reports, and ends with `result` or `error` and its exit.
 */
import { z } from 'zod';
import { trainMetricsSchema, visionMetricsSchema } from './metrics.ts';
import { failureSchema, runPlanSchema, runStateSchema } from './run-record.ts';

const text = z.string();
const count = z.int().min(0);

/** Train a run. Without `recipe` the run in `folder` goes on from its newest checkpoint. Paths are the engine's, so absolute. */
export const trainJobSchema = z.strictObject({
  kind: z.literal('train'),
  /** The run's folder. */
  folder: text.min(1),
  recipe: z
    .strictObject({
      /** A YAML file, or the name of a preset. */
      file: text.min(1),
      /** `key.path=value`, as of the command line's `--set`. */
      overrides: z.array(text),
    })
    .optional(),
});
export type TrainJob = z.infer<typeof trainJobSchema>;

/** What an engine process can be asked to do. */
export const jobSchema = z.discriminatedUnion('kind', [trainJobSchema]);
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
  z.strictObject({ type: z.literal('ping'), id: count }),
]);
export type EngineCommand = z.infer<typeof engineCommandSchema>;

/** Engine → parent. */
export const engineMessageSchema = z.discriminatedUnion('type', [
  /** The process listens. */
  z.strictObject({ type: z.literal('ready'), pid: count }),
  z.strictObject({ type: z.literal('pong'), id: count }),
  z.strictObject({ type: z.literal('log'), level: z.enum(['info', 'warning']), text }),
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
