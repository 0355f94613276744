import { z } from 'zod';
import { count, queryCount, queryNumber } from './numbers.ts';

/** Numbers of a metrics line that can be drawn; those a phase does not have are left out of the answer. */
export const METRIC_KEYS = [
  'loss',
  'lr',
  'gradNorm',
  'accuracy',
  'visualTokens',
  'compressionRatio',
  'visualTokensSeen',
  'visualTokensSaved',
  'flopsPaper',
  'flopsFastv',
  'flopsPyramidDrop',
  'flopsExact',
  'flopsSavedPaper',
  'flopsSavedExact',
  'supervisedTokens',
  'tokensPerSecond',
  'imagesPerSecond',
  'stepMs',
  'memoryBytes',
  'tensors',
  'epoch',
  'samples',
  'stage',
] as const;
const metricKeySchema = z.enum(METRIC_KEYS);
export type MetricKey = z.infer<typeof metricKeySchema>;

/** Horizontal axes: optimizer steps, samples seen, visual tokens seen (over all layers), seconds in optimizer steps. */
export const X_AXES = ['step', 'samples', 'visualTokens', 'time'] as const;
export const xAxisSchema = z.enum(X_AXES);
export type XAxis = z.infer<typeof xAxisSchema>;

const keyList = z
  .string()
  .transform((text) => text.split(',').filter(Boolean))
  .pipe(z.array(metricKeySchema).min(1).max(METRIC_KEYS.length));

/** `GET /runs/:name/metrics?keys=loss,lr&x=step&from=…&to=…&points=…`; `from` and `to` in units of x. */
export const metricsQuerySchema = z.strictObject({
  keys: keyList.default([...METRIC_KEYS]),
  x: xAxisSchema.default('step'),
  from: queryNumber,
  to: queryNumber,
  /** Points of a series at most. */
  points: queryCount(2000, 4, 4000),
});

/** One metric against x. Where there were more rows than points, each bucket keeps its least and its greatest value, in order. */
const metricSeriesSchema = z.strictObject({
  key: metricKeySchema,
  steps: z.array(count),
  x: z.array(z.number()),
  /** null where the line has no such number. */
  values: z.array(z.number().nullable()),
  /** Where points stand for more rows: the mean of the bucket that each point is of, which is what smoothing follows. */
  means: z.array(z.number().nullable()).optional(),
});
export type MetricSeries = z.infer<typeof metricSeriesSchema>;

export const metricsAnswerSchema = z.strictObject({
  run: z.string(),
  x: xAxisSchema,
  /** Rows of the range in the file. */
  rows: count,
  /** Whether points stand for more rows than they are. */
  isDecimated: z.boolean(),
  /** Ends of the whole run on the axis; 0 and 0 where there are no rows. */
  range: z.tuple([z.number(), z.number()]),
  series: z.array(metricSeriesSchema),
});
export type MetricsAnswer = z.infer<typeof metricsAnswerSchema>;
