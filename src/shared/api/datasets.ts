import { z } from 'zod';
import { benchmarkSchema } from '../benchmark.ts';
import { brokenSampleSchema, MODALITIES } from '../dataset.ts';
import { failureSchema } from '../run-record.ts';
import { amount, count, queryCount, queryFlag, share, time } from './numbers.ts';

/** A dataset of the library. */
export const datasetSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** Conversation file and images folder, relative to the workspace where they are in it. As a recipe would name them. */
  file: z.string(),
  images: z.string(),
  /** `changed`: the file is another one than was read; import it again. */
  state: z.enum(['importing', 'ready', 'failed', 'missing', 'changed']),
  /** Part of the file that was read, while importing. */
  done: share.optional(),
  failure: failureSchema.optional(),
  bytes: count,
  /** Sound and broken ones. */
  records: count,
  broken: count,
  turns: count,
  /** Images and frames of all samples. */
  media: count,
  modalities: z.record(z.enum(MODALITIES), count),
  importedAt: time,
});
export type Dataset = z.infer<typeof datasetSchema>;

/** `GET /datasets/:id`. */
export const datasetDetailSchema = z.strictObject({
  dataset: datasetSchema,
  /** The first broken ones; all of them: samples?broken=true. */
  brokenSamples: z.array(brokenSampleSchema),
});
export type DatasetDetail = z.infer<typeof datasetDetailSchema>;

/** `POST /datasets`: paths absolute, or relative to the workspace; a folder means the conversation file in it. */
export const newDatasetSchema = z.strictObject({
  path: z.string().min(1).max(4096),
  images: z.string().min(1).max(4096).optional(),
  name: z.string().min(1).max(200).optional(),
});
export type NewDataset = z.infer<typeof newDatasetSchema>;

/** `POST /datasets/examples`: makes or downloads a dataset into data/ and imports its training split. */
export const exampleDatasetSchema = z.strictObject({
  /** `easy-vqa`: downloaded, 4,000 pictures. `shapes`: scenes and motion clips drawn here, without a network. */
  source: z.enum(['easy-vqa', 'shapes']),
});
export type ExampleDataset = z.infer<typeof exampleDatasetSchema>;

/**
 * `POST /datasets/benchmarks`: makes a dataset of a benchmark's published files in data/ and imports it. One of that name
 * that was made before is replaced.
 */
export const benchmarkDatasetSchema = z.strictObject({
  benchmark: benchmarkSchema,
  /** Published file, or the folder of all files. */
  path: z.string().min(1).max(4096),
  /** Folder of the pictures or videos; left out where the files hold them. */
  images: z.string().min(1).max(4096).optional(),
  /** Name of its folder in data/; by default the benchmark's. */
  name: z
    .string()
    .max(100)
    .regex(/^[A-Za-z0-9][\w .-]*$/, 'must begin with a letter or digit and have letters, digits, spaces, . _ - only')
    .optional(),
  /** Leave questions out whose picture is not there, instead of refusing. */
  skipMissing: z.boolean().default(false),
});
export type BenchmarkDataset = z.input<typeof benchmarkDatasetSchema>;

/** Picture of a sample: an image, or the frames of its video. */
const sampleMediaSchema = z.strictObject({
  kind: z.enum(['image', 'video']),
  /** Path as the record gives it. */
  path: z.string(),
  /** For `GET /media/:id`: one, or the frames in order. Empty where it is not there. */
  ids: z.array(z.string()),
});
export type SampleMedia = z.infer<typeof sampleMediaSchema>;

/** A sample as a row or tile. */
const sampleSummarySchema = z.strictObject({
  /** Position in the file, from 0, broken ones counted. */
  index: count,
  id: z.string(),
  modality: z.enum(MODALITIES),
  turns: count,
  /** First question and answer, cut where they are long. */
  question: z.string(),
  answer: z.string(),
  media: z.array(sampleMediaSchema),
  /** UTF-8 bytes of its texts: an upper bound of their tokens. */
  textBytes: count,
  line: count,
  /** Why it cannot be trained on. */
  broken: z.string().optional(),
});
export type SampleSummary = z.infer<typeof sampleSummarySchema>;

/** A number or an inclusive range in a query: `3`, `2-5`, `4-`. */
export const rangeQuerySchema = z
  .string()
  .regex(/^\d{1,9}(-\d{0,9})?$/, 'must be a number or a range, such as 3, 2-5 or 4-')
  .transform((text): readonly [number, number] => {
    const [low = '', high] = text.split('-');
    return [Number(low), high === undefined ? Number(low) : high === '' ? Infinity : Number(high)];
  })
  .optional();

/** `GET /datasets/:id/samples`. Filters are joined by and. */
export const samplesQuerySchema = z.strictObject({
  offset: queryCount(0, 0, 1_000_000_000),
  limit: queryCount(60, 1, 500),
  /** Found in any text of the conversation or in the id, whatever its case. */
  text: z.string().max(500).optional(),
  /** Found in an answer. */
  answer: z.string().max(500).optional(),
  /** An answer is exactly this. */
  answerIs: z.string().max(500).optional(),
  turns: rangeQuerySchema,
  /** Characters of one of its answers. */
  answerLength: rangeQuerySchema,
  /** Images, or frames of its video. */
  media: rangeQuerySchema,
  /** Pixels of one of its pictures, read from the files as the search goes on. */
  imageWidth: rangeQuerySchema,
  imageHeight: rangeQuerySchema,
  hasImage: queryFlag,
  hasVideo: queryFlag,
  broken: queryFlag,
});
export type SamplesQuery = z.output<typeof samplesQuerySchema>;

export const samplePageSchema = z.strictObject({
  offset: count,
  /** Samples that match, as far as was searched. */
  total: count,
  /** False while the search in the texts goes on; ask again for the rest. */
  isComplete: z.boolean(),
  samples: z.array(sampleSummarySchema),
});
export type SamplePage = z.infer<typeof samplePageSchema>;

/** `GET /datasets/:id/samples/:index`. */
export const sampleSchema = sampleSummarySchema.extend({
  system: z.string().optional(),
  conversation: z.array(
    z.strictObject({
      question: z.string(),
      /** Images, or the one video, that the question shows. */
      media: count,
      answer: z.string(),
    }),
  ),
  /** The record as it stands in the file, cut where it is very long. */
  raw: z.string(),
});
export type Sample = z.infer<typeof sampleSchema>;

/**
 * `GET /datasets/:id/samples/:index/tokens?model=…`: a model of `GET /models` that has a tokenizer. A named size has none
 * before it is trained: for it, `textBytes` of the sample is the upper bound.
 */
export const sampleTokensQuerySchema = z.strictObject({ model: z.string().min(1).max(4096) });

/** A sample in tokens, its whole conversation one row as a training of that model takes it. */
export const sampleTokensSchema = z.strictObject({
  /** Tokens of the conversation but for visual ones, and how many of them are learnt (answers). */
  textTokens: count,
  supervisedTokens: count,
  /** Images or frames. */
  groups: count,
  visualTokensPerImage: count,
});
export type SampleTokens = z.infer<typeof sampleTokensSchema>;

/** Bars of a chart: `counts[i]` samples lie in [edges[i], edges[i + 1]). */
const histogramSchema = z.strictObject({ edges: z.array(z.number()), counts: z.array(count) });
export type Histogram = z.infer<typeof histogramSchema>;

/** `GET /datasets/:id/stats`. */
export const datasetStatsSchema = z.strictObject({
  turns: histogramSchema,
  /** Characters of answers. */
  answerLength: histogramSchema,
  questionLength: histogramSchema,
  /** Images or frames of a sample. */
  imagesPerSample: histogramSchema,
  textBytes: histogramSchema,
  /** Of pictures all over the file, as many as `pictures` says. */
  imageWidth: histogramSchema,
  imageHeight: histogramSchema,
  pictures: count,
  /** Most frequent answers. */
  answers: z.array(z.strictObject({ answer: z.string(), count })),
  meanTurns: amount,
});
export type DatasetStats = z.infer<typeof datasetStatsSchema>;
