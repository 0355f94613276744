import { BOOTSTRAP_RESAMPLES, percentileInterval, type Interval } from '../bootstrap.ts';
import { Random } from '../random.ts';

/** Intervals of a mean difference. */
export interface PairedIntervals {
  /** Other questions of the same kind, the same trained models. */
  readonly questions: Interval;
  /** Other questions and other seeds (hierarchical bootstrap: seeds are drawn, then questions). */
  readonly questionsAndSeeds: Interval;
}

/** Questions where any seed differs: only they move a sum. */
function differing(differences: readonly Int8Array[], questions: number): number[] {
  return Array.from({ length: questions }, (_, question) => question).filter((question) =>
    differences.some((seed) => seed[question] !== 0),
  );
}

/** How many of so many draws hit, each with this probability: the misses between hits are geometric (Devroye 1986, X.4). */
function hits(draws: number, probability: number, random: Random): number {
  if (probability === 0) return 0;
  const logMiss = Math.log(1 - probability);
  let count = 0;
  for (let at = -1; ; count++) {
    at += 1 + Math.floor(Math.log(1 - random.uniform()) / logMiss);
    if (at >= draws) return count;
  }
}

/**
 * Paired bootstrap of the mean of per-question differences (Efron & Tibshirani 1993, percentile method). Each resample
 * draws as many questions as there are, with replacement, the same ones for all seeds; the hierarchical one draws seeds too.
 * The same differences give the same intervals.
 *
 * @param differences [seeds][questions], e.g. +1 where only one side was right, −1 where only the other was, else 0
 */
export function hierarchicalBootstrap(
  differences: readonly Int8Array[],
  resamples = BOOTSTRAP_RESAMPLES,
): PairedIntervals {
  const questions = differences[0]?.length ?? 0;
  const seeds = differences.length;
  const random = Random.from(0, 'paired-bootstrap');
  const [fixed, drawn] = [new Float64Array(resamples), new Float64Array(resamples)];
  const sums = new Float64Array(seeds);
  const moving = differing(differences, questions);
  for (let resample = 0; resample < resamples; resample++) {
    sums.fill(0);
    for (let left = hits(questions, moving.length / questions, random); left > 0; left--) {
      const question = random.pick(moving);
      for (let seed = 0; seed < seeds; seed++) sums[seed]! += differences[seed]![question]!;
    }
    for (let seed = 0; seed < seeds; seed++) {
      fixed[resample]! += sums[seed]! / (seeds * questions);
      drawn[resample]! += sums[random.integer(seeds)]! / (seeds * questions);
    }
  }
  return { questions: percentileInterval(fixed), questionsAndSeeds: percentileInterval(drawn) };
}
