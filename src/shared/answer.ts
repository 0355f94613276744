import { z } from 'zod';
import { executionModeSchema } from './execution-mode.ts';
import { frameSamplingSchema, MAX_FRAMES } from './frames.ts';

const text = z.string();
const count = z.int().min(0);
const amount = z.number().min(0);

/** A question at several compression settings. Paths are absolute. */
export const questionSchema = z.strictObject({
  /** Pictures that the question shows, in order. */
  images: z.array(text.min(1)).max(MAX_FRAMES),
  question: text.min(1),
  /** Stage notation K/S. */
  compressions: z.array(text).min(1).max(100),
  /** Longest answer, in tokens. */
  maxTokens: z.int().min(1).max(100_000),
  /** 0 takes the most likely token each time. */
  temperature: z.number().min(0).max(100),
  topP: z.number().gt(0).max(1),
  /** Of the random numbers, where the temperature is above 0. */
  seed: z.int().min(0).max(0xffffffff),
});
export type Question = z.infer<typeof questionSchema>;

/** Ask one question at several compression settings, one after the other. Paths are absolute. */
export const askJobSchema = z.strictObject({
  kind: z.literal('ask'),
  /** A Hugging Face model folder, a run's folder or a checkpoint. */
  model: text.min(1),
  ...questionSchema.shape,
  /** A video that the question shows, behind the pictures: its file and which frames of it. */
  video: z.strictObject({ file: text.min(1), frames: frameSamplingSchema }).optional(),
  /** By default graph. */
  execution: executionModeSchema.optional(),
});
export type AskJob = z.infer<typeof askJobSchema>;

/** Load a model once and answer the questions that the parent sends, until it says stop. */
export const converseJobSchema = z.strictObject({ kind: z.literal('converse'), model: text.min(1) });
export type ConverseJob = z.infer<typeof converseJobSchema>;

/**
 * How a picture becomes the square that a model reads: laid in the middle of a square as wide as its longer side, cut to the
 * square in its middle, or squeezed.
 */
const PICTURE_FITS = ['pad', 'crop', 'squeeze'] as const;
export type PictureFit = (typeof PICTURE_FITS)[number];

/** What an answer took. */
export const answerStatsSchema = z.strictObject({
  compression: text,
  /** Why it ended: the model said so, the limit was reached, or it was told to. */
  reason: z.enum(['stop', 'length', 'aborted']),
  /** Tokens of the answer. */
  tokens: count,
  promptTokens: count,
  /** Where the tokens of each picture begin in the uncompressed prompt. */
  visualStarts: z.array(count),
  /** Absent in answers that an earlier version kept: it padded all. */
  pictureFit: z.enum(PICTURE_FITS).optional(),
  /** At each decoder layer. */
  visualTokensPerLayer: z.array(count),
  /**
   * Of each picture, where the setting ranks by the tower's class token: tokens that it looks at far more than at others (above
   * Q3 + 1.5 IQR), as many as PruMerge's own rule would keep.
   */
  outliers: z.array(count).optional(),
  /** In percent: 100 = no compression. */
  compressionRatio: amount,
  /** From the pixels to the first token. */
  timeToFirstTokenMs: amount,
  /** Of the tokens behind the first; absent where there are none. */
  tokensPerSecond: amount.optional(),
  /** The decoder's linear layers in the prefill, as Tab. 5 counts. */
  flopsPaper: amount,
  /** The prefill as FastV and as PyramidDrop count it. Absent in what an earlier version kept. */
  flopsFastv: amount.optional(),
  flopsPyramidDrop: amount.optional(),
  /** Tower, projector, prefill and every decoded token. */
  flopsExact: amount,
  /** Keys and values in the cache at the end. */
  cacheBytes: count,
  /** Resident memory of the engine's process at the end. */
  memoryBytes: count,
});
export type AnswerStats = z.infer<typeof answerStatsSchema>;

/** What one compression point made of the visual tokens of a question: what was kept, what was put together. */
export const tokenPointSchema = z.strictObject({
  /** Decoder layer K; −1 before the decoder. */
  layer: z.int().min(-1),
  pictures: z.array(
    z.strictObject({
      /** For each token of the picture before the point, the place of the one it went into; −1 where it was dropped. */
      went: z.array(z.int().min(-1)),
      /** Position ids of the tokens after the point. */
      positions: z.array(count),
    }),
  ),
});
export type TokenPoint = z.infer<typeof tokenPointSchema>;

/** What an asking engine tells. `index` counts the settings of the job. */
export const answerEventSchema = z.discriminatedUnion('type', [
  /** The answer at this setting begins. */
  z.strictObject({ type: z.literal('begin'), index: count, compression: text }),
  /** What became of the pictures' tokens, where they are compressed; before the first text. */
  z.strictObject({ type: z.literal('tokens'), index: count, points: z.array(tokenPointSchema) }),
  /** More of its text. */
  z.strictObject({ type: z.literal('text'), index: count, text }),
  z.strictObject({ type: z.literal('end'), index: count, stats: answerStatsSchema }),
]);
export type AnswerEvent = z.infer<typeof answerEventSchema>;
