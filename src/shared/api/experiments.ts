import { z } from 'zod';
import { experimentResultSchema } from '../experiment/result.ts';
import { failureSchema } from '../run-record.ts';
import { count } from './numbers.ts';

const text = z.string();

/** Where one of an experiment's runs stands: `done` has answered all questions. */
export const EXPERIMENT_RUN_STATES = ['waiting', 'training', 'asking', 'done', 'failed'] as const;

const experimentRunSchema = z.strictObject({
  run: text,
  /** Its scheme; absent for the run that the others build on. */
  label: text.optional(),
  seed: count.optional(),
  state: z.enum(EXPERIMENT_RUN_STATES),
  /** Why it failed. */
  reason: text.optional(),
});
export type ExperimentRunState = z.infer<typeof experimentRunSchema>;

/** An experiment that can be run, runs, or was run. */
export const experimentRowSchema = z.strictObject({
  name: text,
  description: text,
  baseline: text,
  schemes: z.array(text),
  seeds: z.array(count),
  /** File of the test questions. */
  data: text,
  isRunning: z.boolean(),
  runs: z.array(experimentRunSchema),
  /** Why it ended early, where it did. */
  failure: failureSchema.optional(),
});
export type ExperimentRow = z.infer<typeof experimentRowSchema>;

/** `GET /experiments`. */
export const experimentListSchema = z.strictObject({ experiments: z.array(experimentRowSchema) });

/** `GET /experiments/:name`; without a result until the baseline has a finished run. */
export const experimentDetailSchema = z.strictObject({
  experiment: experimentRowSchema,
  result: experimentResultSchema.optional(),
});
export type ExperimentDetail = z.infer<typeof experimentDetailSchema>;

/** `GET /experiments/:name/report`: the page, and the picture it shows, by their file names. */
export const experimentReportSchema = z.strictObject({
  files: z.array(z.strictObject({ name: text, content: text })),
});
