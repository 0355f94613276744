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
  EvaluatedAnswer,
  EvaluateJob,
  EvaluationProgress,
  EvaluationReport,
  ScorerName,
} from '../../../shared/evaluation.ts';
import { tf } from '../backend/tensorflow.ts';
import { sum } from '../../../shared/sum.ts';
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
import { Tally } from './tally.ts';

export type EvaluationEvent =
  | { readonly type: 'answers'; readonly answers: EvaluatedAnswer[] }
  | { readonly type: 'progress'; readonly progress: EvaluationProgress }
  | { readonly type: 'report'; readonly report: EvaluationReport };

type Settings = Pick<
  EvaluateJob,
  | 'reportsAnswers'
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

/** One evaluation while it runs. */
class Evaluation {
  private readonly settings: Settings;
  /** What was said since the last `takeAnswers`, where that is asked for. */
  private readonly said = new Map<Question, EvaluatedAnswer>();
  private readonly model: LoadedModel;
  private readonly tallies: readonly Tally[];
  private readonly groups: readonly QuestionGroup[];
  private readonly scorer: ScorerName;
  private readonly notes: AnswerNotes | undefined;
  private readonly startedAt = performance.now();
  private loadMs = 0;
  private visionMs = 0;
  private done = 0;
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
    this.tallies = compressions.map((compression) => new Tally(compression, shape, scorer.keeper()));
    if (settings.answers !== undefined) this.notes = new AnswerNotes(settings.answers, compressions);
    this.batches = batchGroups(this.groups, settings.batchSize);
  }

  get progress(): EvaluationProgress {
    const total = this.groups.reduce((count, { questions }) => count + questions.length, 0);
    const scores = this.tallies.map(({ compression, score }) => ({
      compression: formatCompression(compression),
      score,
    }));
    return { done: this.done, total, scores };
  }

  /** Answers one batch at every setting. */
  async answer(batch: readonly QuestionGroup[]): Promise<void> {
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
    try {
      for (const tally of this.tallies) this.answerAt(tally, batch, features);
    } finally {
      if (features) tf.dispose({ ...features });
    }
    this.done += batch.reduce((count, { questions }) => count + questions.length, 0);
  }

  /** Every single answer since the last call; none unless they are asked for. */
  takeAnswers(): EvaluatedAnswer[] {
    const answers = [...this.said.values()];
    this.said.clear();
    return answers;
  }

  /** Writes the answers into files, where that was asked for. */
  writeAnswers(): void {
    this.notes?.write(basename(this.model.dir));
  }

  report(): EvaluationReport {
    const images = new Set(this.groups.flatMap((group) => group.images)).size;
    return {
      model: this.model.dir,
      data: this.settings.data,
      questions: this.done,
      images,
      layers: this.model.config.text.layers,
      scorer: this.scorer,
      loadMs: this.loadMs / this.done,
      visionMs: this.visionMs / this.done,
      durationMs: performance.now() - this.startedAt,
      settings: this.tallies.map((tally) => tally.result()),
    };
  }

  private answerAt(tally: Tally, batch: readonly QuestionGroup[], features: TowerOutput | undefined): void {
    const { stopIds } = this.model;
    const limits = { maxTokens: this.settings.maxTokens, stopIds };
    const { answers, prefillMs, totalMs } = answerBatch(batch, features, tally.compression, this.model, limits);
    tally.addTime(prefillMs, totalMs);
    batch.forEach((group, g) =>
      group.questions.forEach((question, q) => this.score(tally, group, question, answers[g]?.[q] ?? [])),
    );
  }

  private score(tally: Tally, { groups, prefix }: QuestionGroup, question: Question, ids: readonly number[]): void {
    const text = this.model.tokenizer.decode(ids);
    const isCorrect = tally.keeper.add(text, question) >= RIGHT_CREDIT;
    this.notes?.add(tally.compression, question, text);
    if (this.settings.reportsAnswers) this.note(question, text, isCorrect);
    const groupLengths = groups.map(({ length }) => length);
    tally.add({
      groupLengths,
      textTokens: prefix.length - sum(groupLengths) + question.suffix.length,
      generatedTokens: Math.min(ids.length + 1, this.settings.maxTokens),
      expected: question.expected,
      isCorrect,
    });
  }

  private note(question: Question, text: string, isCorrect: boolean): void {
    const { id, expected } = question;
    const noted = this.said.get(question) ?? { id, expected, answers: [], correct: [] };
    noted.answers.push(text.trim());
    noted.correct.push(isCorrect);
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
      await evaluation.answer(batch);
      const answers = evaluation.takeAnswers();
      if (answers.length > 0) yield { type: 'answers', answers };
      yield { type: 'progress', progress: evaluation.progress };
    }
    evaluation.writeAnswers();
    yield { type: 'report', report: evaluation.report() };
  } finally {
    model.dispose();
  }
}
