import { z } from 'zod';
import { RUN_NAME } from '../engine-protocol.ts';
import { evaluationReportSchema, metricSchema } from '../evaluation.ts';
import { probeResultSchema } from '../probe.ts';
import { recipeSchema } from '../recipe.ts';
import { failureSchema, RUN_STATES, runRecordSchema } from '../run-record.ts';
import { amount, count, share, time } from './numbers.ts';

const runNameSchema = z.string().regex(RUN_NAME, 'must be the name of a run');

/**
 * State of a run as the studio sees it. Besides those of run.json: `queued` waits for its turn, `starting` has an engine
 * that prepares it, `stopping` saves and leaves, `interrupted` was left by an engine that died and can be gone on with.
 */
export const STUDIO_RUN_STATES = ['queued', 'starting', 'stopping', 'interrupted', ...RUN_STATES] as const;
export const studioRunStateSchema = z.enum(STUDIO_RUN_STATES);
export type StudioRunState = z.infer<typeof studioRunStateSchema>;

const stageSummarySchema = z.strictObject({
  firstStep: count,
  untilStep: count,
  /** Part of the run's steps. */
  share,
  /** Stage notation K/S, layers of this model. */
  compression: z.string(),
});

/** The best evaluation of a run's models. */
const runScoreSchema = z.strictObject({
  /** Name of the evaluation, as in the run's detail. */
  evaluation: z.string(),
  compression: z.string(),
  accuracy: share,
  interval: z.tuple([share, share]),
  questions: count,
  /** What the benchmark it was asked is known by; absent where the dataset is none. */
  metric: metricSchema.optional(),
});

/** Most losses of a sparkline. */
export const SPARKLINE_POINTS = 60;

/** A run as a row of a table. */
export const runSummarySchema = z.strictObject({
  /** Name of its folder; stays. */
  name: z.string(),
  /** Name that its user gave it; the folder's where none was given. */
  title: z.string(),
  state: studioRunStateSchema,
  /** Why it is paused or waits. */
  reason: z.string().optional(),
  failure: failureSchema.optional(),
  /** Name in its recipe. */
  recipe: z.string(),
  phase: z.enum(['instruct', 'vision']),
  /** Name of the scheme whose stages it has, where one of the presets has the same. */
  scheme: z.string().optional(),
  createdAt: time,
  updatedAt: time,
  /** Seconds spent in optimizer steps. */
  secondsTrained: amount,
  step: count,
  totalSteps: count.optional(),
  stages: z.array(stageSummarySchema),
  /** Decoder layers of the model, once it is known. */
  depth: count.optional(),
  /** Of the whole run by its plan, in percent: 100 = no compression. */
  compressionRatio: amount.optional(),
  lastLoss: z.number().optional(),
  /** Lowest mean over a sixtieth of the run. */
  bestLoss: z.number().optional(),
  /** Losses from first to last step, each the mean of as many steps. */
  losses: z.array(z.number()).max(SPARKLINE_POINTS),
  tags: z.array(z.string()),
  note: z.string(),
  /** Folder name of the newest checkpoint. */
  checkpoint: z.string().optional(),
  /** Whether its finished model is there. */
  hasModel: z.boolean(),
  score: runScoreSchema.optional(),
});
export type RunSummary = z.infer<typeof runSummarySchema>;

const checkpointSchema = z.strictObject({
  name: z.string(),
  step: count,
  microBatch: count,
  /** Of all its files. */
  bytes: count,
  savedAt: time,
  /** Id of `GET /models`. */
  model: z.string(),
});
export type CheckpointSummary = z.infer<typeof checkpointSchema>;

/** `POST /runs/:name/checkpoints/:checkpoint/verify`: whether its files are those that were saved. */
export const checkpointCheckSchema = z.strictObject({
  name: z.string(),
  /** What is wrong with it; absent where every file has the size and the SHA-256 of its manifest. */
  problem: z.string().optional(),
});

const savedEvaluationSchema = z.strictObject({
  name: z.string(),
  savedAt: time,
  report: evaluationReportSchema,
});
export type SavedEvaluation = z.infer<typeof savedEvaluationSchema>;

/** `GET /runs/:name`. */
export const runDetailSchema = z.strictObject({
  summary: runSummarySchema,
  /** run.json; absent while the run waits or prepares. */
  record: runRecordSchema.optional(),
  recipeYaml: z.string(),
  /** Absent where the recipe was written by another version of this program. */
  recipe: recipeSchema.optional(),
  checkpoints: z.array(checkpointSchema),
  evaluations: z.array(savedEvaluationSchema),
  /** Folder, relative to the workspace. */
  folder: z.string(),
});
export type RunDetail = z.infer<typeof runDetailSchema>;

/** `POST /runs`: checked, then trained as soon as no other training runs. */
export const newRunSchema = z.strictObject({
  yaml: z.string().min(1).max(1_000_000),
  name: runNameSchema.optional(),
  title: z.string().max(200).optional(),
  tags: z.array(z.string().min(1).max(50)).max(50).default([]),
  /** False = it waits until it is started by the action `continue`. */
  start: z.boolean().default(true),
  /** What was measured of its settings: the run keeps the forecast that follows. */
  probe: probeResultSchema.optional(),
});
export type NewRun = z.input<typeof newRunSchema>;

/** `PATCH /runs/:name`. What is left out stays. */
export const runChangeSchema = z.strictObject({
  title: z.string().max(200).optional(),
  tags: z.array(z.string().min(1).max(50)).max(50).optional(),
  note: z.string().max(20_000).optional(),
});
export type RunChange = z.infer<typeof runChangeSchema>;

/** `continue` trains a run that waits, was stopped, interrupted or failed; `resume` ends a pause. */
export const RUN_ACTIONS = ['pause', 'resume', 'checkpoint', 'stop', 'kill', 'continue'] as const;
export const runActionSchema = z.strictObject({ action: z.enum(RUN_ACTIONS) });
export type RunAction = (typeof RUN_ACTIONS)[number];

/** One line of a run's log. */
export const logLineSchema = z.strictObject({
  time,
  level: z.enum(['info', 'warning', 'error']),
  text: z.string(),
});
export type LogLine = z.infer<typeof logLineSchema>;

/** `GET /runs/:name/log`: the newest lines, oldest first. */
export const runLogSchema = z.strictObject({ lines: z.array(logLineSchema) });

/** An answer of the model in training to a fixed question, one line of `samples.jsonl`. */
export const sampleAnswerSchema = z.object({
  step: count,
  question: z.string(),
  answer: z.string(),
  expected: z.string().optional(),
  image: z.string().optional(),
  compression: z.string().optional(),
});
export type SampleAnswer = z.infer<typeof sampleAnswerSchema>;

/** `GET /runs/:name/samples`. */
export const runSamplesSchema = z.strictObject({ samples: z.array(sampleAnswerSchema) });
