import { FULL, formatCompression, ratioPercent, summedVisualTokens, type Compression } from './compression.ts';
import type { ModelShape } from './cost.ts';
import { wilsonInterval, type Score, type SettingResult } from './evaluation.ts';
import { FLOPS_RULES } from './flops-rules.ts';
import { sum } from './sum.ts';
import { answerCost, type AnswerCost, type AnsweredPrompt } from './answer-cost.ts';
import { answerType } from './answer-type.ts';

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
  private readonly model: ModelShape;
  private readonly total = { questions: 0, correct: 0 };
  private readonly byType = new Map<string, { questions: number; correct: number }>();
  private readonly costs: Costs = {
    ...{ visualTokens: 0, visualTokensFull: 0 },
    ...{ flopsPaper: 0, flopsFastv: 0, flopsPyramidDrop: 0, flopsExact: 0 },
  };
  private readonly known = new Map<string, AnswerCost>();
  private prefillMs = 0;
  private totalMs = 0;

  constructor(compression: Compression, model: ModelShape) {
    this.compression = compression;
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
    const perQuestion = (value: number): number => (questions === 0 ? 0 : value / questions);
    return {
      compression: formatCompression(this.compression),
      score: this.score,
      accuracy: perQuestion(correct),
      interval: wilsonInterval(this.total),
      byType: Object.fromEntries([...this.byType].sort(([a], [b]) => (a < b ? -1 : 1))),
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

  /** Most prompts are as long as others were. */
  private costOf(prompt: AnsweredPrompt): AnswerCost {
    const key = `${prompt.groupLengths.join()} ${prompt.textTokens} ${prompt.generatedTokens}`;
    const cost = this.known.get(key) ?? answerCost(this.model, prompt, this.compression);
    this.known.set(key, cost);
    return cost;
  }

  private addCosts(question: AnsweredQuestion): void {
    const cost = this.costOf(question);
    this.costs.visualTokens += sum(cost.visualTokensPerLayer);
    this.costs.visualTokensFull += summedVisualTokens(question.groupLengths, this.model.decoder.layers, FULL);
    for (const { key } of FLOPS_RULES) this.costs[key] += cost[key];
  }
}
