import { z } from 'zod';
import { executionModeSchema } from './execution-mode.ts';
import { frameSamplingSchema } from './frames.ts';

const text = z.string();
const count = z.int().min(0);
const amount = z.number().min(0);
const share = z.number().min(0).max(1);

/** Rules to score answers by; without a choice a dataset's own, which `scoring` of its records names. */
export const SCORERS = [
  'exact',
  'outside',
  'gqa',
  'vqa',
  'vizwiz',
  'textvqa',
  'scienceqa',
  'pope',
  'mme',
  'mmbench',
  'seed',
  'video',
] as const;
export const scorerNameSchema = z.enum(SCORERS);
export type ScorerName = z.infer<typeof scorerNameSchema>;

/** Questions answered at once unless told otherwise. */
export const DEFAULT_BATCH_SIZE = 64;
/** Longest answer unless told otherwise, in tokens: answers that are scored are a word or two. */
export const DEFAULT_MAX_TOKENS = 16;

/** Ask a model every question of a dataset, once for every compression setting. Paths are absolute. */
export const evaluateJobSchema = z.strictObject({
  kind: z.literal('evaluate'),
  /** A Hugging Face model folder, a run's folder or a checkpoint. */
  model: text.min(1),
  /** LLaVA conversations, JSON or JSONL. Every turn is asked alone. */
  data: text.min(1),
  /** Folder of the images; by default `images` beside the data. */
  images: text.min(1).optional(),
  /** Frames of a video; by default 8. */
  frames: frameSamplingSchema.optional(),
  /** Stage notation K/S. */
  compressions: z.array(text).min(1).max(1000),
  /** The first so many questions only. */
  limit: z.int().min(1).optional(),
  /** Questions answered at once. */
  batchSize: z.int().min(1).max(4096),
  /** Longest answer, in tokens. */
  maxTokens: z.int().min(1).max(4096),
  /** By default the dataset's own. */
  scorer: scorerNameSchema.optional(),
  /** Write the answers into this file, in the form that the benchmark's judge or server takes. */
  answers: text.min(1).optional(),
  /** Whether every single answer is told too. */
  reportsAnswers: z.boolean().optional(),
  /**
   * Ids of questions that were answered before. Batches are made of all questions and those that hold nothing else are left
   * out, so that what is still asked is asked in the same company as ever.
   */
  answered: z.array(text).optional(),
  /** By default graph. */
  execution: executionModeSchema.optional(),
});
export type EvaluateJob = z.infer<typeof evaluateJobSchema>;

/** What was answered to one question, a place for each setting. */
export const evaluatedAnswerSchema = z.strictObject({
  /** Of the sample that the question is from. */
  id: text,
  expected: text,
  answers: z.array(text),
  correct: z.array(z.boolean()),
  /** What the cost of the answers depends on; absent in answers that an earlier version kept. */
  cost: z
    .strictObject({
      /** Visual tokens of each image before compression. */
      groupLengths: z.array(count),
      /** Tokens of the prompt that are not visual. */
      textTokens: count,
      /** Tokens that were generated, a stop token included, a place for each setting. */
      generatedTokens: z.array(count),
    })
    .optional(),
});
export type EvaluatedAnswer = z.infer<typeof evaluatedAnswerSchema>;

/** What a batch of questions took, milliseconds in all, a place for each setting. The vision tower is left out. */
export const batchTimesSchema = z.strictObject({
  questions: count,
  /** Until every question had its first token. */
  prefillMs: z.array(amount),
  totalMs: z.array(amount),
});
export type BatchTimes = z.infer<typeof batchTimesSchema>;

/** How many of some questions were answered right. */
const scoreSchema = z.strictObject({ questions: count, correct: count });
export type Score = z.infer<typeof scoreSchema>;

/** A result by a benchmark's own rule: a mean in percent, or points of a scale of its own. */
export const metricSchema = z.strictObject({ name: text, value: z.number(), unit: z.enum(['%', 'points']) });
export type Metric = z.infer<typeof metricSchema>;

/** One compression setting on a dataset. */
export const settingResultSchema = z.strictObject({
  compression: text,
  score: scoreSchema,
  accuracy: share,
  /** 95 % confidence interval of the accuracy (Wilson). */
  interval: z.tuple([share, share]),
  /** By kind of answer: yes/no, number, other. */
  byType: z.record(text, scoreSchema),
  /** The benchmark's own results, the main one first; absent where the dataset is of none. */
  metrics: z.array(metricSchema).optional(),
  /** Mean per question, summed over decoder layers. */
  visualTokens: amount,
  /** Visual tokens that are left, summed over layers, in percent of full. */
  retainedPercent: amount,
  /** In percent: 100 = no compression. */
  compressionRatio: amount,
  /** Mean per answer, a question asked alone: the decoder's linear layers in the prefill, as Tab. 5 counts. */
  flopsPaper: amount,
  /** The prefill as FastV and as PyramidDrop count it. Absent in what an earlier version kept. */
  flopsFastv: amount.optional(),
  flopsPyramidDrop: amount.optional(),
  /** Mean per answer, a question asked alone: tower, projector, prefill and every decoded token. */
  flopsExact: amount,
  /** Mean per question until its first token, vision tower left out. Questions about one image share its prefill. */
  prefillMs: amount,
  /** Mean per question until its last token, vision tower left out. */
  totalMs: amount,
});
export type SettingResult = z.infer<typeof settingResultSchema>;

/** What an evaluation found. */
export const evaluationReportSchema = z.strictObject({
  model: text,
  data: text,
  questions: count,
  images: count,
  /** Decoder layers. */
  layers: count,
  /** The rule that answers were scored by; absent = exact match, as in reports of earlier versions. */
  scorer: scorerNameSchema.optional(),
  /** Mean per question: decoding and preparing its picture, and the vision tower. All settings share both. */
  loadMs: amount,
  visionMs: amount,
  /** The whole evaluation. */
  durationMs: amount,
  settings: z.array(settingResultSchema),
});
export type EvaluationReport = z.infer<typeof evaluationReportSchema>;

/** Whether a report's accuracy means nothing, because an outside judge or the publisher scores the answers. */
export const isScoredOutside = ({ scorer }: Pick<EvaluationReport, 'scorer'>): boolean => scorer === 'outside';

/** The result that a benchmark is known by; undefined where a setting has accuracy alone. */
export const mainMetric = ({ metrics }: Pick<SettingResult, 'metrics'>): Metric | undefined => metrics?.[0];

/** `78.52 %`, `1486.3 points`. */
export function formatMetric({ value, unit }: Metric): string {
  return unit === '%' ? `${value.toFixed(2)} %` : `${value.toFixed(1)} points`;
}

/**
 * Where an evaluation stands. Every setting has been asked `done` of `total` questions, those answered before included;
 * scores are of the others.
 */
export const evaluationProgressSchema = z.strictObject({
  done: count,
  total: count,
  scores: z.array(z.strictObject({ compression: text, score: scoreSchema })),
});
export type EvaluationProgress = z.infer<typeof evaluationProgressSchema>;

/** z of a two-sided 95 % interval. */
const Z = 1.959964;

/**
 * 95 % confidence interval of a share by Wilson's score, which stays in [0, 1] and is sound near both ends.
 * Without questions everything is possible.
 */
export function wilsonInterval({ questions, correct }: Score): [low: number, high: number] {
  if (questions === 0) return [0, 1];
  const p = correct / questions;
  const denominator = 1 + Z ** 2 / questions;
  const centre = (p + Z ** 2 / (2 * questions)) / denominator;
  const half = (Z * Math.sqrt((p * (1 - p)) / questions + Z ** 2 / (4 * questions ** 2))) / denominator;
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
