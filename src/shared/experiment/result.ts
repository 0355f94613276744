/** What an experiment found, as `experiments/NAME/result.json` holds it and tables show it. */
import { z } from 'zod';

const text = z.string();
const count = z.int().min(0);
const amount = z.number().min(0);
const percent = z.number().min(0).max(100);
/** Percentage points. */
const interval = z.tuple([z.number(), z.number()]).readonly();

/** Mean over seeds with the standard deviation of the sample, which one seed has not. */
const spreadSchema = z.strictObject({ mean: z.number(), deviation: amount.optional() });
export type Spread = z.infer<typeof spreadSchema>;

/** What can be said of a difference: see `verdictOf`. */
export const VERDICTS = ['worse', 'better', 'not-significant', 'too-few-seeds'] as const;

/** The same questions answered by models of the same seeds. */
const pairedSchema = z.strictObject({
  /** Seeds that both schemes were trained with. */
  seeds: count,
  /** Of each seed. */
  questions: count,
  /** Over all seeds: questions that only the baseline, and only the scheme, answered right. */
  lost: count,
  gained: count,
  /** Two-sided exact McNemar test of the two. */
  probability: z.number().min(0).max(1),
  /** 95 % intervals of the difference by the paired bootstrap: over questions, and over questions and seeds. */
  overQuestions: interval,
  overQuestionsAndSeeds: interval,
});
export type PairedComparison = z.infer<typeof pairedSchema>;

/** A scheme against the baseline. Accuracies in percentage points, negative where the scheme is worse. */
export const comparisonSchema = z.strictObject({
  difference: z.number(),
  /** Seeds of the scheme and of the baseline. */
  seeds: z.tuple([count, count]),
  /** 95 % interval by Welch's t over the seeds; needs two seeds of each. */
  overSeeds: interval.optional(),
  /** Needs every single answer. */
  paired: pairedSchema.optional(),
  verdict: z.enum(VERDICTS),
});
export type Comparison = z.infer<typeof comparisonSchema>;

const settingSummarySchema = z.strictObject({
  compression: text,
  accuracy: spreadSchema,
  retainedPercent: percent,
  compressionRatio: amount,
});
export type SettingSummary = z.infer<typeof settingSummarySchema>;

const runSummarySchema = z.strictObject({
  seed: count,
  /** Its folder, as it was named. */
  run: text,
  accuracy: percent,
  /** 95 % over questions. */
  interval,
  trainingMs: amount,
});

/** The runs of a scheme together. */
export const schemeSummarySchema = z.strictObject({
  name: text,
  isBaseline: z.boolean(),
  /** Settings of its stages on this model, in their order. */
  stages: z.array(text),
  /** The setting it ended with: its accuracy is asked at it. */
  compression: text,
  accuracy: spreadSchema,
  /** Sum of the optimizer steps' durations, mean over seeds, and the same as a share of the baseline's. */
  trainingMs: amount,
  ofBaseline: amount.optional(),
  medianStepMs: amount,
  /** Of the whole run in percent; 100 = no compression. */
  compressionRatio: amount,
  /** #Tokens: visual tokens of a sample summed over layers, averaged over the run. */
  tokensPerSample: amount,
  /** Share of full training's FLOPs that was saved. */
  savedPercentPaper: percent,
  savedPercentExact: percent,
  steps: count,
  runs: z.array(runSummarySchema),
  /** Every setting that all its runs were asked at, the one it ended with first. */
  settings: z.array(settingSummarySchema),
  /** Against the baseline; absent for itself. */
  comparison: comparisonSchema.optional(),
});
export type SchemeSummary = z.infer<typeof schemeSummarySchema>;

/** Loss of a scheme over its steps: the mean over seeds, smoothed. */
export const lossCurveSchema = z.strictObject({
  name: text,
  steps: z.array(z.number()),
  losses: z.array(z.number()),
});
export type LossCurve = z.infer<typeof lossCurveSchema>;

export const experimentResultSchema = z.strictObject({
  name: text,
  questions: count,
  schemes: z.array(schemeSummarySchema),
  curves: z.array(lossCurveSchema),
  /** Names of the runs that are not there yet. */
  missing: z.array(text),
});
export type ExperimentResult = z.infer<typeof experimentResultSchema>;
