import { z } from 'zod';
import { answerStatsSchema, tokenPointSchema } from '../answer.ts';
import { BATCH_FILTERS } from '../disagreement.ts';
import { DEFAULT_BATCH_SIZE, DEFAULT_MAX_TOKENS, evaluationReportSchema } from '../evaluation.ts';
import { failureSchema } from '../run-record.ts';
import { count, queryCount, time } from './numbers.ts';

/** A picture of a question: one that was uploaded, or all pictures of a dataset's sample. */
export const askedImageSchema = z.union([
  z.strictObject({ media: z.string().min(1).max(200) }),
  z.strictObject({ dataset: z.string().min(1).max(200), sample: count }),
]);
export type AskedImage = z.infer<typeof askedImageSchema>;

export const MAX_PANES = 8;

/** A model of `GET /models` at a compression setting K/S. */
export const paneSchema = z.strictObject({ model: z.string().min(1).max(4096), compression: z.string().max(200) });
export type Pane = z.infer<typeof paneSchema>;

/** `POST /compare/asks`. Panes are answered one after the other, so that none slows another down. */
export const askRequestSchema = z.strictObject({
  question: z.string().min(1).max(20_000),
  images: z.array(askedImageSchema).max(100).default([]),
  maxTokens: z.int().min(1).max(4096).default(128),
  temperature: z.number().min(0).max(100).default(0),
  topP: z.number().gt(0).max(1).default(1),
  seed: z.int().min(0).max(0xffffffff).default(0),
  panes: z.array(paneSchema).min(1).max(MAX_PANES),
});
export type AskRequest = z.input<typeof askRequestSchema>;

/** Answer of `POST /compare/asks`; the answers themselves come as events. */
export const askStartedSchema = z.strictObject({ id: z.string() });

const paneAnswerSchema = z.strictObject({
  ...paneSchema.shape,
  text: z.string(),
  /** What became of the pictures' tokens; absent where nothing is compressed, and before the model has seen them. */
  points: z.array(tokenPointSchema).optional(),
  /** Absent until the answer has ended. */
  stats: answerStatsSchema.optional(),
  failure: failureSchema.optional(),
});
export type PaneAnswer = z.infer<typeof paneAnswerSchema>;

/** A question with its answers: `GET /compare/asks/:id`, and an entry of the history. */
export const askSchema = z.strictObject({
  id: z.string(),
  askedAt: time,
  state: z.enum(['running', 'done', 'stopped', 'failed']),
  request: askRequestSchema,
  /** For `GET /media/:id`, in the order the model is shown them. */
  media: z.array(z.string()),
  answers: z.array(paneAnswerSchema),
});
export type Ask = z.infer<typeof askSchema>;

/** `GET /compare/history`: newest first. */
export const historySchema = z.strictObject({ asks: z.array(askSchema) });

/** `GET /compare/history/:id/export?format=…`, and that of a batch. */
export const exportQuerySchema = z.strictObject({ format: z.enum(['json', 'markdown', 'csv']).default('json') });

/** `POST /compare/batches`: the same questions at every setting. */
export const batchRequestSchema = z.strictObject({
  dataset: z.string().min(1).max(200),
  /** Questions, chosen at random by the seed; all where there are fewer. */
  count: z.int().min(1).max(1_000_000).default(500),
  seed: z.int().min(0).max(0xffffffff).default(0),
  model: z.string().min(1).max(4096),
  compressions: z.array(z.string().max(200)).min(1).max(400),
  maxTokens: z.int().min(1).max(4096).default(DEFAULT_MAX_TOKENS),
  batchSize: z.int().min(1).max(4096).default(DEFAULT_BATCH_SIZE),
});
export type BatchRequest = z.input<typeof batchRequestSchema>;

export const batchSummarySchema = z.strictObject({
  id: z.string(),
  createdAt: time,
  state: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']),
  request: batchRequestSchema,
  done: count,
  total: count,
  failure: failureSchema.optional(),
});
export type BatchSummary = z.infer<typeof batchSummarySchema>;

/** `GET /compare/batches`. */
export const batchListSchema = z.strictObject({ batches: z.array(batchSummarySchema) });

/** One question with its answers, in the order of the report's settings. */
const batchRowSchema = z.strictObject({
  id: z.string(),
  question: z.string(),
  expected: z.string(),
  answers: z.array(z.string()),
  correct: z.array(z.boolean()),
  media: z.array(z.string()),
});
export type BatchRow = z.infer<typeof batchRowSchema>;

/** `GET /compare/batches/:id?offset&limit&filter=disagreements`. */
export const batchQuerySchema = z.strictObject({
  offset: queryCount(0, 0, 1_000_000_000),
  limit: queryCount(100, 1, 1000),
  filter: z.enum(BATCH_FILTERS).default('all'),
  /** Compare full with this setting K/S alone. */
  setting: z.string().max(200).optional(),
});

export const batchDetailSchema = z.strictObject({
  batch: batchSummarySchema,
  /** Absent until it is done. */
  report: evaluationReportSchema.optional(),
  /** Questions of the filter. */
  total: count,
  /** Questions of every filter, at the setting asked for. */
  counts: z.record(z.enum(BATCH_FILTERS), count),
  /** Answers that each of the report's settings lost and gained against full. */
  changes: z.array(z.strictObject({ lost: count, gained: count })),
  rows: z.array(batchRowSchema),
});
export type BatchDetail = z.infer<typeof batchDetailSchema>;
