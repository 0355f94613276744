import type { Compression } from '../../../shared/compression.ts';
import { COMPRESSOR_FACTS } from '../../../shared/compressors.ts';
import { gather } from '../backend/kernels.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import { withDeviceArrays } from '../backend/host-arrays.ts';
import { roundUp, tightLayout } from '../compressor/sequence-layout.ts';
import { IGNORED_LABEL, type EncodedRow } from '../data/batch.ts';
import { greedyAnswers, type AnswerLimits } from '../generate/generate.ts';
import { greedyTokens } from '../generate/sampling.ts';
import { encodeImages, type AnsweringModel } from '../generate/answering-functions.ts';
import { Session } from '../generate/session.ts';
import { planBatch } from '../model/batch-plan.ts';
import { readsTower, type TowerOutput } from '../model/tower-view.ts';
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

/** Features of images, [I·N, E], with the tower's view where one of the settings asks for it; the caller disposes them. */
export function imageFeatures(
  pixels: Float32Array,
  images: number,
  model: AnsweringModel,
  settings: readonly Compression[],
): TowerOutput {
  const { imageSize } = model.config.vision;
  const withView = settings.some(readsTower);
  return tf.tidy(() => ({ ...encodeImages(tf.tensor(pixels, [images, 3, imageSize, imageSize]), model, withView) }));
}

/** What a setting needs of them. */
const neededOf = (output: TowerOutput, compression: Compression): TowerOutput =>
  readsTower(compression) ? output : { features: output.features };

/** Rows of all tensors of a tower's output, the caller's. @param rows int32 [R] */
function towerRows({ features, attention, keys }: TowerOutput, rows: Int32Array): TowerOutput {
  return tf.tidy(() => {
    const index = tf.tensor1d(rows, 'int32');
    return {
      features: gather(features, index),
      ...(attention && { attention: gather(attention, index) }),
      ...(keys && { keys: gather(keys, index) }),
    };
  });
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

/** Each question as a row of its own, images included, with the rows of the features that are its images'. */
function wholeRows(batch: readonly QuestionGroup[]): { rows: EncodedRow[]; featureRows: Int32Array } {
  const rows: EncodedRow[] = [];
  const featureRows: number[] = [];
  let first = 0;
  for (const { prefix, groups, questions } of batch) {
    const visual = groups.reduce((total, { length }) => total + length, 0);
    for (const { id, suffix } of questions) {
      const tokenIds = Int32Array.from([...prefix, ...suffix]);
      rows.push({ id, tokenIds, labels: new Int32Array(tokenIds.length).fill(IGNORED_LABEL), groups });
      for (let i = 0; i < visual; i++) featureRows.push(first + i);
    }
    first += visual;
  }
  return { rows, featureRows: Int32Array.from(featureRows) };
}

/** Lists for each group: as many as it has questions. */
function byGroup<T>(batch: readonly QuestionGroup[], answers: readonly T[]): T[][] {
  let at = 0;
  return batch.map(({ questions }) => answers.slice(at, (at += questions.length)));
}

/** Goes on from every row's first token, which is just there; the batch was begun at `started`. */
function timedAnswers(
  session: Session,
  first: ReturnType<typeof greedyTokens>,
  started: number,
  limits: AnswerLimits,
): Omit<BatchAnswers, 'answers'> & { readonly rows: number[][] } {
  const prefillMs = performance.now() - started;
  const rows = greedyAnswers(session, first, limits);
  return { rows, prefillMs, totalMs: performance.now() - started };
}

/** Answers where the words of a question decide which tokens of its images are kept: nothing can be shared. */
function answerAlone(
  batch: readonly QuestionGroup[],
  features: TowerOutput | undefined,
  compression: Compression,
  model: AnsweringModel,
  limits: AnswerLimits,
): BatchAnswers {
  const started = performance.now();
  const { rows, featureRows } = wholeRows(batch);
  const plan = planBatch(rows, compression);
  return withDeviceArrays(plan.arrays, (arrays) => {
    const own = features && towerRows(features, featureRows);
    const session = new Session({ plan, arrays, ...(own && { vision: own }) }, model);
    try {
      const first = greedyTokens(session.promptLogits as Tensor);
      const { rows: answers, ...times } = timedAnswers(session, first, started, limits);
      return { answers: byGroup(batch, answers), ...times };
    } finally {
      session.dispose();
      if (own) tf.dispose({ ...own });
    }
  });
}

/**
 * Greedy answers to all questions of a batch. The images and what stands before them go through the model once for each
 * group and every question goes on from there, unless the compression reads the question.
 *
 * @param features of all groups' images in order; stays the caller's
 */
export function answerBatch(
  batch: readonly QuestionGroup[],
  features: TowerOutput | undefined,
  compression: Compression,
  model: AnsweringModel,
  limits: AnswerLimits,
): BatchAnswers {
  const readsText = compression.some(({ compressor }) => COMPRESSOR_FACTS[compressor].readsText);
  const needed = features && neededOf(features, compression);
  return (readsText ? answerAlone : answerTogether)(batch, needed, compression, model, limits);
}

function answerTogether(
  batch: readonly QuestionGroup[],
  features: TowerOutput | undefined,
  compression: Compression,
  model: AnsweringModel,
  limits: AnswerLimits,
): BatchAnswers {
  const started = performance.now();
  const { tokens, lengths, perGroup } = suffixes(batch);
  const plan = planBatch(batch.map(prefixRow), compression, undefined, tightLayout);
  return withDeviceArrays(plan.arrays, (arrays) => {
    const session = new Session({ plan, arrays, ...(features && { vision: features }) }, model, perGroup, false);
    try {
      const logits = session.extend(tokens, lengths);
      const first = greedyTokens(logits);
      logits.dispose();
      const { rows, ...times } = timedAnswers(session, first, started, limits);
      const answers = batch.map(({ questions }, g) => questions.map((_, q) => rows[g * perGroup + q] as number[]));
      return { answers, ...times };
    } finally {
      session.dispose();
    }
  });
}
