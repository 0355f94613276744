import { z } from 'zod';
import { answerEventSchema } from '../answer.ts';
import { evaluationProgressSchema } from '../evaluation.ts';
import { trainMetricsSchema, visionMetricsSchema } from '../metrics.ts';
import { failureSchema } from '../run-record.ts';
import { attentionStudySchema } from './attention.ts';
import { askSchema, batchSummarySchema } from './compare.ts';
import { datasetSchema } from './datasets.ts';
import { experimentRowSchema } from './experiments.ts';
import { jobSchema } from './jobs.ts';
import { count } from './numbers.ts';
import { probeSchema } from './recipes.ts';
import { logLineSchema, runSummarySchema } from './runs.ts';
import { demoSchema } from './session.ts';
import { studySummarySchema } from './studies.ts';

const text = z.string();

/** Everything that changes, as it is now. What came before it needs no reading. */
const snapshotSchema = z.strictObject({
  kind: z.literal('snapshot'),
  runs: z.array(runSummarySchema),
  jobs: z.array(jobSchema),
  datasets: z.array(datasetSchema),
  /** Questions that are being answered. */
  asks: z.array(askSchema),
  demo: demoSchema,
  studies: z.array(studySummarySchema),
});

/**
 * Data of `GET /events` (server-sent events). Ids grow by one; a client that comes back with `Last-Event-ID` gets what it
 * missed, or a snapshot where that is too long ago. Every first connection begins with a snapshot.
 */
export const studioEventSchema = z.discriminatedUnion('kind', [
  snapshotSchema,
  z.strictObject({ kind: z.literal('run'), run: runSummarySchema }),
  z.strictObject({ kind: z.literal('run-removed'), name: text }),
  /** Rows of metrics.jsonl as they come, at most ten events a second. */
  z.strictObject({
    kind: z.literal('metrics'),
    run: text,
    rows: z.array(z.union([trainMetricsSchema, visionMetricsSchema])),
  }),
  /** Micro-batches of the optimizer step at hand (from 0); for steps that take long. */
  z.strictObject({ kind: z.literal('micro'), run: text, step: count, microBatch: count, of: count }),
  /** The run went back to a checkpoint: rows beyond this step are no more. */
  z.strictObject({ kind: z.literal('rewound'), run: text, step: count }),
  z.strictObject({ kind: z.literal('log'), run: text, line: logLineSchema }),
  z.strictObject({ kind: z.literal('job'), job: jobSchema }),
  z.strictObject({ kind: z.literal('job-removed'), id: text }),
  z.strictObject({ kind: z.literal('dataset'), dataset: datasetSchema }),
  z.strictObject({ kind: z.literal('dataset-removed'), id: text }),
  z.strictObject({ kind: z.literal('probe'), probe: probeSchema }),
  /** `event.index` is the pane. */
  z.strictObject({ kind: z.literal('answer'), ask: text, event: answerEventSchema }),
  /** A pane could not be answered. */
  z.strictObject({ kind: z.literal('answer-failed'), ask: text, pane: count, failure: failureSchema }),
  /** All panes have ended. */
  z.strictObject({ kind: z.literal('ask-ended'), ask: askSchema }),
  z.strictObject({
    kind: z.literal('batch'),
    batch: batchSummarySchema,
    progress: evaluationProgressSchema.optional(),
  }),
  /** `progress`: scores so far, while it runs. */
  z.strictObject({
    kind: z.literal('study'),
    study: studySummarySchema,
    progress: evaluationProgressSchema.optional(),
  }),
  z.strictObject({ kind: z.literal('study-removed'), name: text }),
  /** An experiment's runs went on, or its result was brought up to date. */
  z.strictObject({ kind: z.literal('experiment'), experiment: experimentRowSchema }),
  /** A measurement of attention by depth: how far it is, and at its end what it found. */
  z.strictObject({ kind: z.literal('attention'), study: attentionStudySchema }),
  z.strictObject({ kind: z.literal('demo'), demo: demoSchema }),
  /** For a moment's notice. */
  z.strictObject({ kind: z.literal('notice'), level: z.enum(['info', 'warning', 'error']), text }),
]);
export type StudioEvent = z.infer<typeof studioEventSchema>;
export type StudioEventKind = StudioEvent['kind'];
export type StudioEventOf<K extends StudioEventKind> = Extract<StudioEvent, { kind: K }>;
