import {
  FULL,
  formatCompression,
  ratioPercent,
  summedVisualTokens,
  type Compression,
} from '../../../shared/compression.ts';
import type { ModelShape } from '../../../shared/cost.ts';
import { wilsonInterval, type Score, type SettingResult } from '../../../shared/evaluation.ts';
import { FLOPS_RULES } from '../../../shared/flops-rules.ts';
import { sum } from '../../../shared/sum.ts';
import { answerCost, type AnsweredPrompt } from '../generate/answer-cost.ts';
import { answerType } from './answer-type.ts';
import { exactMatch } from './scorers/exact-match.ts';
import type { ScoreKeeper } from './scorers/scorer.ts';

/** One answered question, as far as it counts. */
export interface AnsweredQuestion extends AnsweredPrompt {
  readonly expected: string;
  readonly isCorrect: boolean;
}

interface Costs {
  visualTokens: number;
  visualTokensFull: number;
  flopsPaper: number;
  flopsFastv: number;
  flopsPyramidDrop: number;
  flopsExact: number;
}

/** Scores and costs of one compression setting, question by question. */
export class Tally {
  readonly compression: Compression;
  /** By the benchmark's own rule. */
  readonly keeper: ScoreKeeper;
  private readonly model: ModelShape;
  private readonly total = { questions: 0, correct: 0 };
  private readonly byType = new Map<string, { questions: number; correct: number }>();
  private readonly costs: Costs = {
    ...{ visualTokens: 0, visualTokensFull: 0 },
    ...{ flopsPaper: 0, flopsFastv: 0, flopsPyramidDrop: 0, flopsExact: 0 },
  };
  private prefillMs = 0;
  private totalMs = 0;

  constructor(compression: Compression, model: ModelShape, keeper = exactMatch.keeper()) {
    this.compression = compression;
    this.keeper = keeper;
    this.model = model;
  }

  get score(): Score {
    return { ...this.total };
  }

  addTime(prefillMs: number, totalMs: number): void {
    this.prefillMs += prefillMs;
    this.totalMs += totalMs;
  }

  add(question: AnsweredQuestion): void {
    const type = answerType(question.expected);
    const ofType = this.byType.get(type) ?? { questions: 0, correct: 0 };
    this.byType.set(type, ofType);
    for (const score of [this.total, ofType]) {
      score.questions++;
      if (question.isCorrect) score.correct++;
    }
    this.addCosts(question);
  }

  result(): SettingResult {
    const { questions, correct } = this.total;
    const { visualTokens, visualTokensFull, ...flops } = this.costs;
    const metrics = this.keeper.metrics();
    const perQuestion = (value: number): number => (questions === 0 ? 0 : value / questions);
    return {
      compression: formatCompression(this.compression),
      score: this.score,
      accuracy: perQuestion(correct),
      interval: wilsonInterval(this.total),
      byType: Object.fromEntries([...this.byType].sort(([a], [b]) => (a < b ? -1 : 1))),
      ...(metrics.length > 0 && { metrics }),
      visualTokens: perQuestion(visualTokens),
      retainedPercent: visualTokensFull === 0 ? 100 : (100 * visualTokens) / visualTokensFull,
      compressionRatio: ratioPercent(visualTokensFull, visualTokens),
      flopsPaper: perQuestion(flops.flopsPaper),
      flopsFastv: perQuestion(flops.flopsFastv),
      flopsPyramidDrop: perQuestion(flops.flopsPyramidDrop),
      flopsExact: perQuestion(flops.flopsExact),
      prefillMs: perQuestion(this.prefillMs),
      totalMs: perQuestion(this.totalMs),
    };
  }

  private addCosts(question: AnsweredQuestion): void {
    const cost = answerCost(this.model, question, this.compression);
    this.costs.visualTokens += sum(cost.visualTokensPerLayer);
    this.costs.visualTokensFull += summedVisualTokens(question.groupLengths, this.model.decoder.layers, FULL);
    for (const { key } of FLOPS_RULES) this.costs[key] += cost[key];
  }
}
