/**
 * Accuracy on a dataset at any number of compression settings, in one pass: each picture is decoded and encoded once,
 * and answers all its questions at every setting before the next one comes.
 */
import { basename } from 'node:path';
import {
  formatCompression,
  parseCompression,
  visualTokensPerLayer,
  type Compression,
} from '../../../shared/compression.ts';
import { InputError } from '../../../shared/errors.ts';
import type {
  BatchTimes,
  EvaluatedAnswer,
  EvaluateJob,
  EvaluationProgress,
  EvaluationReport,
  ScorerName,
} from '../../../shared/evaluation.ts';
import { tf } from '../backend/tensorflow.ts';
import { sum } from '../../../shared/sum.ts';
import type { AnsweredQuestion } from '../../../shared/tally.ts';
import { brokenSamplesError, readDataset } from '../data/dataset-reader.ts';
import { loadAnsweringModel, type LoadedModel } from '../generate/loaded-model.ts';
import { visualTokensPerImage, type LlavaConfig } from '../model/config.ts';
import { modelShape } from '../model/model-shape.ts';
import { checkTower, type TowerOutput } from '../model/tower-view.ts';
import { answerBatch, imageFeatures } from './answer-batch.ts';
import { loadPixels } from './load-pixels.ts';
import { batchGroups, groupQuestions, type Question, type QuestionGroup } from './questions.ts';
import { AnswerNotes } from './answer-files/answer-notes.ts';
import { RIGHT_CREDIT } from './scorers/scorer.ts';
import { chooseScorer } from './scorers/scorers.ts';
import { ScoredTally } from './scored-tally.ts';

export type EvaluationEvent =
  | { readonly type: 'answers'; readonly answers: EvaluatedAnswer[]; readonly times: BatchTimes }
  | { readonly type: 'progress'; readonly progress: EvaluationProgress }
  | { readonly type: 'report'; readonly report: EvaluationReport };

type Settings = Pick<
  EvaluateJob,
  | 'reportsAnswers'
  | 'answered'
  | 'scorer'
  | 'answers'
  | 'model'
  | 'data'
  | 'images'
  | 'frames'
  | 'limit'
  | 'batchSize'
  | 'maxTokens'
  | 'execution'
> & {
  readonly compressions: readonly string[];
};

/** Reads the settings K/S; each once, in the order given. @throws InputError */
function parseSettings(notations: readonly string[]): Compression[] {
  const parsed = notations.map((notation) => parseCompression(notation));
  const keys = parsed.map((compression) => JSON.stringify(compression));
  return parsed.filter((_, i) => keys.indexOf(keys[i] as string) === i);
}

function readQuestions({ data, images, frames, limit }: Settings, model: LoadedModel): QuestionGroup[] {
  const { samples, broken } = readDataset(data, { ...(images !== undefined && { images }), frames });
  try {
    if (broken.length > 0) throw brokenSamplesError(data, broken);
    const groups = groupQuestions(samples, model.template, visualTokensPerImage(model.config), limit);
    if (groups.length === 0) throw new InputError({ file: data, rule: 'has no questions' });
    return groups;
  } finally {
    samples.close();
  }
}

/** @throws InputError where a setting does not fit the tower, the decoder or the images of a question */
function checkSettings(
  compressions: readonly Compression[],
  groups: readonly QuestionGroup[],
  config: LlavaConfig,
): void {
  const lengths = new Set(groups.map((group) => group.groups.map(({ length }) => length).join()));
  for (const compression of compressions) {
    checkTower(compression, config);
    for (const joined of lengths)
      visualTokensPerLayer(joined ? joined.split(',').map(Number) : [], config.text.layers, compression);
  }
}

const countQuestions = (groups: readonly QuestionGroup[]): number =>
  sum(groups.map(({ questions }) => questions.length));

/** The batches that hold a question which has no answer yet. */
function openBatches(batches: readonly QuestionGroup[][], answered: readonly string[] = []): QuestionGroup[][] {
  const known = new Set(answered);
  return batches.filter((batch) => batch.some(({ questions }) => questions.some(({ id }) => !known.has(id))));
}

/** One evaluation while it runs. */
class Evaluation {
  private readonly settings: Settings;
  /** What was said in the batch at hand, where that is asked for. */
  private readonly said = new Map<Question, EvaluatedAnswer>();
  private readonly model: LoadedModel;
  private readonly tallies: readonly ScoredTally[];
  private readonly groups: readonly QuestionGroup[];
  private readonly scorer: ScorerName;
  private readonly notes: AnswerNotes | undefined;
  private readonly startedAt = performance.now();
  private loadMs = 0;
  private visionMs = 0;
  private done = 0;
  /** Questions that were answered before. */
  private readonly before: number;
  /** Those to answer. */
  readonly batches: readonly QuestionGroup[][];

  constructor(settings: Settings, model: LoadedModel) {
    const compressions = parseSettings(settings.compressions);
    this.settings = settings;
    this.model = model;
    this.groups = readQuestions(settings, model);
    checkSettings(compressions, this.groups, model.config);
    const shape = modelShape(model.config);
    const questions = this.groups.flatMap((group) => group.questions);
    const { name, scorer } = chooseScorer(questions, settings.scorer, settings.data);
    this.scorer = name;
    this.tallies = compressions.map((compression) => new ScoredTally(compression, shape, scorer.keeper()));
    if (settings.answers !== undefined) this.notes = new AnswerNotes(settings.answers, compressions);
    this.batches = openBatches(batchGroups(this.groups, settings.batchSize), settings.answered);
    this.before = this.total - countQuestions(this.batches.flat());
  }

  get progress(): EvaluationProgress {
    const scores = this.tallies.map(({ compression, score }) => ({
      compression: formatCompression(compression),
      score,
    }));
    return { done: this.before + this.done, total: this.total, scores };
  }

  /** Answers one batch at every setting. @returns every single answer; none unless they are asked for */
  async answer(batch: readonly QuestionGroup[]): Promise<Omit<Extract<EvaluationEvent, { type: 'answers' }>, 'type'>> {
    const loading = performance.now();
    const pixels = await loadPixels(
      batch.flatMap(({ images }) => images),
      this.model.processor,
    );
    const encoding = performance.now();
    const images = batch.reduce((count, group) => count + group.images.length, 0);
    const settings = this.tallies.map(({ compression }) => compression);
    const features = images > 0 ? imageFeatures(pixels, images, this.model, settings) : undefined;
    this.loadMs += encoding - loading;
    this.visionMs += performance.now() - encoding;
    const questions = countQuestions(batch);
    this.said.clear();
    try {
      const times = this.tallies.map((tally) => this.answerAt(tally, batch, features));
      const [prefillMs, totalMs] = [times.map((one) => one.prefillMs), times.map((one) => one.totalMs)];
      this.done += questions;
      return { answers: [...this.said.values()], times: { questions, prefillMs, totalMs } };
    } finally {
      if (features) tf.dispose({ ...features });
    }
  }

  /** Writes the answers into files, where that was asked for. */
  writeAnswers(): void {
    this.notes?.write(basename(this.model.dir));
  }

  /** What was found out about the questions asked, those answered before left out. */
  report(): EvaluationReport {
    const perQuestion = (value: number): number => (this.done === 0 ? 0 : value / this.done);
    const images = new Set(this.batches.flat().flatMap((group) => group.images)).size;
    return {
      model: this.model.dir,
      data: this.settings.data,
      questions: this.done,
      images,
      layers: this.model.config.text.layers,
      scorer: this.scorer,
      loadMs: perQuestion(this.loadMs),
      visionMs: perQuestion(this.visionMs),
      durationMs: performance.now() - this.startedAt,
      settings: this.tallies.map((tally) => tally.result()),
    };
  }

  private get total(): number {
    return countQuestions(this.groups);
  }

  private answerAt(
    tally: ScoredTally,
    batch: readonly QuestionGroup[],
    features: TowerOutput | undefined,
  ): { readonly prefillMs: number; readonly totalMs: number } {
    const { stopIds } = this.model;
    const limits = { maxTokens: this.settings.maxTokens, stopIds };
    const { answers, prefillMs, totalMs } = answerBatch(batch, features, tally.compression, this.model, limits);
    tally.addTime(prefillMs, totalMs);
    batch.forEach((group, g) =>
      group.questions.forEach((question, q) => this.score(tally, group, question, answers[g]?.[q] ?? [])),
    );
    return { prefillMs, totalMs };
  }

  private score(
    tally: ScoredTally,
    { groups, prefix }: QuestionGroup,
    question: Question,
    ids: readonly number[],
  ): void {
    const text = this.model.tokenizer.decode(ids);
    const isCorrect = tally.keeper.add(text, question) >= RIGHT_CREDIT;
    this.notes?.add(tally.compression, question, text);
    const groupLengths = groups.map(({ length }) => length);
    const answered: AnsweredQuestion = {
      groupLengths,
      textTokens: prefix.length - sum(groupLengths) + question.suffix.length,
      generatedTokens: Math.min(ids.length + 1, this.settings.maxTokens),
      expected: question.expected,
      isCorrect,
    };
    tally.add(answered);
    if (this.settings.reportsAnswers) this.note(question, text, answered);
  }

  private note(question: Question, text: string, answered: AnsweredQuestion): void {
    const { expected, isCorrect, groupLengths, textTokens, generatedTokens } = answered;
    const cost = { groupLengths: [...groupLengths], textTokens, generatedTokens: [] };
    const noted = this.said.get(question) ?? { id: question.id, expected, answers: [], correct: [], cost };
    noted.answers.push(text.trim());
    noted.correct.push(isCorrect);
    noted.cost?.generatedTokens.push(generatedTokens);
    this.said.set(question, noted);
  }
}

/**
 * Evaluates a model. The last event is the report.
 *
 * @throws InputError where model, data or a setting is wrong
 */
export async function* evaluate(settings: Settings): AsyncGenerator<EvaluationEvent> {
  const model = await loadAnsweringModel(settings.model, settings.execution);
  try {
    const evaluation = new Evaluation(settings, model);
    yield { type: 'progress', progress: evaluation.progress };
    for (const batch of evaluation.batches) {
      const { answers, times } = await evaluation.answer(batch);
      if (answers.length > 0) yield { type: 'answers', answers, times };
      yield { type: 'progress', progress: evaluation.progress };
    }
    evaluation.writeAnswers();
    yield { type: 'report', report: evaluation.report() };
  } finally {
    model.dispose();
  }
}
