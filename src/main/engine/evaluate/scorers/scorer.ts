import type { Scoring } from '../../../../shared/benchmark.ts';
import type { Metric } from '../../../../shared/evaluation.ts';

/** What is known about a question when its answer is scored. */
export interface ScoredQuestion {
  /** The right answer, as the dataset has it. */
  readonly expected: string;
  /** What a benchmark's rule needs besides; absent in a dataset of one's own. */
  readonly scoring?: Scoring | undefined;
}

/** The answers at one setting, one by one, and what they come to. */
export interface ScoreKeeper {
  /** @returns the answer's credit: 1 = right, 0 = wrong, and what lies between where a rule gives parts */
  add(answer: string, question: ScoredQuestion): number;
  /** The benchmark's own results, the main one first; only questions that were added count. */
  metrics(): Metric[];
}

/** A rule to score by. */
export interface Scorer {
  /** Fields of a question's `scoring` without which the rule means nothing. */
  readonly needs: readonly (keyof Scoring)[];
  keeper(): ScoreKeeper;
}

/** An answer of at least so much credit counts as right where only right or wrong is asked. */
export const RIGHT_CREDIT = 0.5;
