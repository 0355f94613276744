/**
 * A redundancy study (paper Sec. 3.1): a trained model answers the same questions at every layer K, stride S and
 * compressor of a grid. What is asked, what is found, and the statistics of it.
 */
import { z } from 'zod';
import { pairedBootstrap, type BootstrapIntervals } from './bootstrap.ts';
import { parseCompression, visualTokensPerLayer, type CompressionPoint } from './compression.ts';
import { COMPRESSORS } from './compressors.ts';
import type { ModelShape } from './cost.ts';
import { mcnemarProbability, pairedChanges } from './disagreement.ts';
import { InputError } from './errors.ts';
import {
  DEFAULT_BATCH_SIZE,
  DEFAULT_MAX_TOKENS,
  settingResultSchema,
  type BatchTimes,
  type EvaluatedAnswer,
  type SettingResult,
} from './evaluation.ts';
import { toleratedLimit, type ToleratedLimit } from './redundancy.ts';
import { quantile } from './statistics.ts';
import { sum } from './sum.ts';
import { Tally } from './tally.ts';

const count = z.int().min(0);
const share = z.number().min(0).max(1);

/** Most settings of one study, full included. */
export const MAX_STUDY_SETTINGS = 400;

/** The layers, strides and compressors of a study; full is always asked beside them. */
export const studyGridSchema = z.strictObject({
  /** Decoder layers K; −1 is before the decoder. */
  layers: z.array(z.int().min(-1).max(9999)).min(1).max(100),
  strides: z.array(z.int().min(2).max(999_999)).min(1).max(100),
  compressors: z.array(z.enum(COMPRESSORS)).min(1).max(COMPRESSORS.length),
});
export type StudyGrid = z.infer<typeof studyGridSchema>;

/** How the questions of a study are chosen and asked. */
export const studyAskingSchema = z.strictObject({
  /** Questions, drawn at random by the seed; all where left out or where there are fewer. */
  questions: z.int().min(1).max(1_000_000).optional(),
  seed: z.int().min(0).max(0xffffffff).default(0),
  /** Longest answer, in tokens. */
  maxTokens: z.int().min(1).max(4096).default(DEFAULT_MAX_TOKENS),
  /** Questions answered at once. */
  batchSize: z.int().min(1).max(4096).default(DEFAULT_BATCH_SIZE),
});

/** A setting of a grid that cannot be asked, and the rule that it breaks. */
export interface UnfitSetting {
  readonly setting: string;
  readonly rule: string;
}

function ruleBroken(setting: string, depth: number, visualTokens: number): string | undefined {
  try {
    visualTokensPerLayer([visualTokens], depth, parseCompression(setting));
    return undefined;
  } catch (error) {
    if (error instanceof InputError) return error.problem.rule;
    throw error;
  }
}

/**
 * The settings of a grid that do not fit a model.
 *
 * @param depth decoder layers
 * @param visualTokens of an image or frame
 */
export function unfitSettings(grid: StudyGrid, depth: number, visualTokens: number): UnfitSetting[] {
  const settings = grid.compressors.flatMap((compressor) =>
    grid.layers.flatMap((layer) => grid.strides.map((stride) => `${layer}/${stride}:${compressor}`)),
  );
  return settings.flatMap((setting) => {
    const rule = ruleBroken(setting, depth, visualTokens);
    return rule === undefined ? [] : [{ setting, rule }];
  });
}

const points = z.tuple([z.number(), z.number()]);

/** One setting of a study with its statistics. `interval` is Wilson's, `bootstrap` that over questions. */
const studyPointSchema = z.strictObject({
  ...settingResultSchema.shape,
  /** 95 % bootstrap interval of the accuracy. */
  bootstrap: z.tuple([share, share]),
  /** To full, in percentage points of accuracy, and the 95 % interval of the paired bootstrap. */
  difference: z.number(),
  differenceInterval: points,
  /** Questions that became wrong and right against full. */
  lost: count,
  gained: count,
  /** Probability of such a difference by chance (exact McNemar test). */
  probability: share,
});
export type StudyPoint = z.infer<typeof studyPointSchema>;

/** What a study found; `points` in the order they were asked, full left out. */
export const studyResultSchema = z.strictObject({
  questions: count,
  full: studyPointSchema,
  points: z.array(studyPointSchema),
});
export type StudyResult = z.infer<typeof studyResultSchema>;

/** Where layer, stride and compressor of a study's setting are. @throws RangeError for full and settings of several points */
export function pointOf({ compression }: Pick<SettingResult, 'compression'>): CompressionPoint {
  const [point, more] = parseCompression(compression);
  if (!point || more) throw new RangeError(`${compression} is not one layer and stride`);
  return point;
}

/** Milliseconds a question, by setting: the median of the batches, as the first one also sets up. */
function typicalMs(times: readonly BatchTimes[], setting: number, what: 'prefillMs' | 'totalMs'): number {
  const each = times.map((batch) => (batch[what][setting] ?? 0) / Math.max(1, batch.questions));
  return each.length === 0
    ? 0
    : quantile(
        each.sort((a, b) => a - b),
        0.5,
      );
}

function settingResult(
  answers: readonly EvaluatedAnswer[],
  times: readonly BatchTimes[],
  [compression, place]: readonly [string, number],
  shape: ModelShape,
): SettingResult {
  const tally = new Tally(parseCompression(compression), shape);
  for (const { expected, correct, cost } of answers) {
    if (!cost) throw new RangeError('the answers of a study tell what they cost');
    const { groupLengths, textTokens, generatedTokens } = cost;
    const isCorrect = correct[place] === true;
    tally.add({ groupLengths, textTokens, generatedTokens: generatedTokens[place] ?? 1, expected, isCorrect });
  }
  return {
    ...tally.result(),
    prefillMs: typicalMs(times, place, 'prefillMs'),
    totalMs: typicalMs(times, place, 'totalMs'),
  };
}

const inPoints = ([low, high]: readonly [number, number]): [number, number] => [100 * low, 100 * high];

/**
 * The result of a study, or of the part of it that is answered. Nothing but the times depends on how often it was
 * interrupted.
 *
 * @param answers one or more, all at the settings `compressions`, of which one is full
 * @throws RangeError where full is missing
 */
export function studyResult(
  answers: readonly EvaluatedAnswer[],
  times: readonly BatchTimes[],
  compressions: readonly string[],
  shape: ModelShape,
): StudyResult {
  const full = compressions.indexOf('none');
  const bootstrap = pairedBootstrap(
    answers.map(({ correct }) => correct),
    full,
  );
  const changes = pairedChanges(answers, compressions);
  const results = compressions.map((compression, place) => settingResult(answers, times, [compression, place], shape));
  const base = results[full] as SettingResult;
  const withStatistics = (result: SettingResult, place: number): StudyPoint => {
    const { accuracy, difference } = bootstrap[place] as BootstrapIntervals;
    const change = changes[place] ?? { lost: 0, gained: 0 };
    return {
      ...result,
      bootstrap: [...accuracy],
      difference: 100 * (result.accuracy - base.accuracy),
      differenceInterval: inPoints(difference),
      ...change,
      probability: mcnemarProbability(change),
    };
  };
  const all = results.map(withStatistics);
  return {
    questions: answers.length,
    full: all[full] as StudyPoint,
    points: all.filter((_, place) => place !== full),
  };
}

/** Answers to "how many tokens can go?". */
export interface StudyLimits extends ToleratedLimit<StudyPoint> {
  /** As `lastTolerated`, judged by the worse end of the difference's interval. */
  readonly surelyTolerated: StudyPoint | undefined;
}

/** What a study says about the tokens that can go. */
export function studyLimits({ points: all }: Pick<StudyResult, 'points'>): StudyLimits {
  const worst = all.map((point) => ({ ...point, difference: point.differenceInterval[0] }));
  const sure = toleratedLimit(worst).lastTolerated;
  return { ...toleratedLimit(all), surelyTolerated: all.find(({ compression }) => compression === sure?.compression) };
}

/** Right answers so far, by setting. */
export function scoresOf(
  answers: readonly EvaluatedAnswer[],
  compressions: readonly string[],
): { compression: string; score: { questions: number; correct: number } }[] {
  return compressions.map((compression, place) => ({
    compression,
    score: { questions: answers.length, correct: sum(answers.map(({ correct }) => Number(correct[place] === true))) },
  }));
}
