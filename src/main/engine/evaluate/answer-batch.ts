import type { Compression } from '../../../shared/compression.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import { withDeviceArrays } from '../backend/host-arrays.ts';
import { roundUp, tightLayout } from '../compressor/sequence-layout.ts';
import { IGNORED_LABEL, type EncodedRow } from '../data/batch.ts';
import { greedyAnswers, type AnswerLimits } from '../generate/generate.ts';
import { greedyTokens } from '../generate/sampling.ts';
import { encodeImages, type AnsweringModel } from '../generate/answering-functions.ts';
import { Session } from '../generate/session.ts';
import { planBatch } from '../model/batch-plan.ts';
import { questionSlots, type QuestionGroup } from './questions.ts';

/** Texts of questions are padded to a multiple of this. */
const SUFFIX_BUCKET = 4;

/** Answers of one batch at one setting. */
export interface BatchAnswers {
  /** Token ids, by group and question. */
  readonly answers: readonly (readonly number[][])[];
  /** Until every question has its first token. */
  readonly prefillMs: number;
  readonly totalMs: number;
}

/** Features of images, [I·N, E]; the caller disposes them. */
export function imageFeatures(pixels: Float32Array, images: number, model: AnsweringModel): Tensor {
  const { imageSize } = model.config.vision;
  return tf.tidy(() => encodeImages(tf.tensor(pixels, [images, 3, imageSize, imageSize]), model));
}

/** What the questions of a batch have behind their common beginnings: [groups · most questions · longest]. */
function suffixes(batch: readonly QuestionGroup[]): { tokens: Int32Array; lengths: number[]; perGroup: number } {
  const perGroup = questionSlots(Math.max(...batch.map(({ questions }) => questions.length)));
  const longest = Math.max(...batch.flatMap(({ questions }) => questions.map(({ suffix }) => suffix.length)));
  const width = roundUp(longest, SUFFIX_BUCKET);
  const tokens = new Int32Array(batch.length * perGroup * width);
  const lengths: number[] = [];
  batch.forEach(({ questions }, g) => {
    for (let q = 0; q < perGroup; q++) {
      // A group with fewer questions asks its first one again; nobody reads those answers.
      const { suffix } = (questions[q] ?? questions[0]) as (typeof questions)[number];
      tokens.set(suffix, (g * perGroup + q) * width);
      lengths.push(suffix.length);
    }
  });
  return { tokens, lengths, perGroup };
}

const prefixRow = ({ prefix, groups, questions }: QuestionGroup): EncodedRow => ({
  id: questions[0]?.id ?? '',
  tokenIds: prefix,
  labels: new Int32Array(prefix.length).fill(IGNORED_LABEL),
  groups,
});

/**
 * Greedy answers to all questions of a batch. The images and what stands before them go through the model once for each
 * group; every question goes on from there.
 *
 * @param features of all groups' images in order, [I·N, E]; stays the caller's
 */
export function answerBatch(
  batch: readonly QuestionGroup[],
  features: Tensor | undefined,
  compression: Compression,
  model: AnsweringModel,
  limits: AnswerLimits,
): BatchAnswers {
  const started = performance.now();
  const { tokens, lengths, perGroup } = suffixes(batch);
  const plan = planBatch(batch.map(prefixRow), compression, undefined, tightLayout);
  return withDeviceArrays(plan.arrays, (arrays) => {
    const session = new Session({ plan, arrays, ...(features && { vision: { features } }) }, model, perGroup, false);
    try {
      const logits = session.extend(tokens, lengths);
      const first = greedyTokens(logits);
      logits.dispose();
      const prefillMs = performance.now() - started;
      const rows = greedyAnswers(session, first, limits);
      const answers = batch.map(({ questions }, g) => questions.map((_, q) => rows[g * perGroup + q] as number[]));
      return { answers, prefillMs, totalMs: performance.now() - started };
    } finally {
      session.dispose();
    }
  });
}
