import { z } from 'zod';
import { InputError } from './errors.ts';
import { executionModeSchema } from './execution-mode.ts';
import { fieldPath, ruleOf } from './validation.ts';

/** Version of run.json. A reader refuses newer ones. */
export const RUN_FORMAT = 1;

/** Life of a run: created → running ⇄ checkpointing | paused → stopped (can be resumed) | finished | failed. */
export const RUN_STATES = ['created', 'running', 'checkpointing', 'paused', 'stopped', 'finished', 'failed'] as const;
export const runStateSchema = z.enum(RUN_STATES);
export type RunState = z.infer<typeof runStateSchema>;

/** What went wrong, in words: what happened, what to do about it, and what a bug report needs. */
export const failureSchema = z.strictObject({
  cause: z.string(),
  whatToDo: z.string(),
  details: z.string(),
});
export type Failure = z.infer<typeof failureSchema>;

const count = z.int().min(0);
const amount = z.number().min(0);

const stageRecordSchema = z.strictObject({
  /** First optimizer step of the stage and the one it ends before, counted from 0. */
  firstStep: count,
  untilStep: count,
  /** Notation K/S with layers of this model. */
  compression: z.string(),
});
export type StageRecord = z.infer<typeof stageRecordSchema>;

/** What is fixed when training begins. */
export const runPlanSchema = z.strictObject({
  phase: z.enum(['instruct', 'vision']),
  totalSteps: count,
  /** Micro-batches per optimizer step. */
  accumulate: count,
  stages: z.array(stageRecordSchema),
  model: z.strictObject({
    /** Values of all weights, and of those that are trained. */
    parameters: count,
    trained: count,
    /** Decoder layers. */
    depth: count,
    visualTokensPerImage: count,
  }),
  data: z.strictObject({ samples: count, rows: count, sha256: z.string() }),
});
export type RunPlan = z.infer<typeof runPlanSchema>;

/** The stretches of a run's steps: its stages, or all of a phase that has none. */
export function stretchesOf({ stages, totalSteps }: Pick<RunPlan, 'stages' | 'totalSteps'>): readonly StageRecord[] {
  return stages.length > 0 ? stages : [{ firstStep: 0, untilStep: totalSteps, compression: 'none' }];
}

const progressSchema = z.strictObject({
  /** Optimizer steps done. */
  step: count,
  /** Micro-batches of the next one that are done. */
  microBatch: count,
  /** Folder name of the newest checkpoint. */
  checkpoint: z.string().optional(),
});

/** run.json: what a run is and where it stands. Written by the engine process that holds the run's lock. */
export const runRecordSchema = z.strictObject({
  format: z.literal(RUN_FORMAT),
  name: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
  state: runStateSchema,
  /** Why it is paused. */
  reason: z.string().optional(),
  failure: failureSchema.optional(),
  /** Relative paths of the recipe are relative to this folder. */
  workingFolder: z.string(),
  versions: z.record(z.string(), z.string()),
  plan: runPlanSchema.optional(),
  progress: progressSchema,
  totals: z.record(z.string(), amount),
  /** Last smoothed figures of a finished run. */
  result: z.record(z.string(), z.number()).optional(),
  /** Times this run was started or resumed, from which step, and how its ops were run (before that was noted: graph). */
  sessions: z.array(
    z.strictObject({
      startedAt: z.string(),
      fromStep: count,
      endedAt: z.string().optional(),
      execution: executionModeSchema.optional(),
    }),
  ),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

/** File in a run's folder that says who holds it. */
export const RUN_LOCK = 'run.lock';

/** Who holds a run: the engine process that trains it. */
export const runOwnerSchema = z.strictObject({
  pid: z.int().min(1),
  host: z.string(),
  /** When the process began, as the system counts it; tells a reused pid apart. Empty where the system does not say. */
  processStart: z.string(),
});
export type RunOwner = z.infer<typeof runOwnerSchema>;

function formatOf(json: unknown): unknown {
  return typeof json === 'object' && json !== null && 'format' in json ? json.format : undefined;
}

/**
 * Checks JSON of a versioned file of ours.
 *
 * @param newest the highest `format` this program knows
 * @throws InputError naming file, field and rule; for a newer format it says to update
 */
export function parseVersioned<T>(schema: z.ZodType<T>, json: unknown, file: string, newest: number): T {
  const format = formatOf(json);
  if (typeof format === 'number' && format > newest) {
    const rule = `was written by a newer version of this program (format ${format}, known up to ${newest})`;
    throw new InputError({ file, field: 'format', rule, hint: 'Update this program' });
  }
  const parsed = schema.safeParse(json, { reportInput: true });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (!issue) throw new InputError({ file, rule: 'is not valid' });
  throw new InputError({ file, field: fieldPath(issue.path), rule: ruleOf(issue, issue.input) });
}
