/** Whether a scheme is worse than the baseline, or the difference is noise of questions and seeds. */
import { mcnemarProbability } from '../disagreement.ts';
import { holmCorrected, mean, welchInterval } from '../statistics.ts';
import { pairMarks, type Marks } from './answers.ts';
import type { Interval } from '../bootstrap.ts';
import { hierarchicalBootstrap } from './bootstrap.ts';
import type { Comparison, PairedComparison, SchemeSummary } from './result.ts';

/** A run as comparisons need it. */
export interface ComparedRun {
  readonly name: string;
  readonly seed: number;
  /** Share of the questions that were answered right. */
  readonly accuracy: number;
  /** Every single answer, where it was kept. */
  readonly marks?: Marks;
}

const points = ([low, high]: Interval): [number, number] => [100 * low, 100 * high];

/** +1 where only the scheme is right, −1 where only the baseline is, for each question of a seed. */
function differencesOf(scheme: ComparedRun, baseline: ComparedRun): Int8Array | undefined {
  if (!scheme.marks || !baseline.marks) return undefined;
  const pairs = pairMarks(baseline.marks, scheme.marks, [baseline.name, scheme.name]);
  return Int8Array.from(pairs, ([before, after]) => Number(after) - Number(before));
}

/**
 * The answers of runs of the same seeds, question by question. McNemar's test is on the questions of all seeds pooled: it
 * asks whether these trained models differ, not whether others would.
 *
 * @returns undefined where no seed has both runs' answers
 * @throws InputError where they answered different questions
 */
export function comparePaired(
  scheme: readonly ComparedRun[],
  baseline: readonly ComparedRun[],
): PairedComparison | undefined {
  const differences = scheme.flatMap((run) => {
    const other = baseline.find(({ seed }) => seed === run.seed);
    return (other && differencesOf(run, other)) ?? [];
  });
  const [first] = differences;
  if (!first) return undefined;
  const count = (value: number): number =>
    differences.reduce((total, seed) => total + seed.filter((one) => one === value).length, 0);
  const changed = { lost: count(-1), gained: count(1) };
  const { questions, questionsAndSeeds } = hierarchicalBootstrap(differences);
  return {
    ...{ seeds: differences.length, questions: first.length, ...changed },
    probability: mcnemarProbability(changed),
    overQuestions: points(questions),
    overQuestionsAndSeeds: points(questionsAndSeeds),
  };
}

/** −1 below zero, 1 above, 0 where the interval holds it. */
const sideOf = ([low, high]: Interval): number => (high < 0 ? -1 : low > 0 ? 1 : 0);

/**
 * What can be said. A scheme is worse or better only where Welch's interval over the seeds and the hierarchical bootstrap
 * over questions and seeds both leave out 0: few seeds make the first wide, and the second too narrow. Where only the
 * bootstrap does, and says worse, the models differ but so few seeds cannot tell the scheme from its luck. Where it says
 * better, nothing speaks for a loss.
 */
export function verdictOf(overSeeds: Interval | undefined, overBoth: Interval | undefined): Comparison['verdict'] {
  if (!overSeeds) return 'too-few-seeds';
  const seeds = sideOf(overSeeds);
  const both = overBoth ? sideOf(overBoth) : seeds;
  if (seeds === 0) return both < 0 ? 'too-few-seeds' : 'not-significant';
  if (both !== seeds) return 'not-significant';
  return seeds < 0 ? 'worse' : 'better';
}

/** A scheme's runs against the baseline's, at least one of each. @throws InputError where they answered different questions */
export function compareRuns(scheme: readonly ComparedRun[], baseline: readonly ComparedRun[]): Comparison {
  const [own, others] = [scheme, baseline].map((runs) => runs.map(({ accuracy }) => 100 * accuracy)) as [
    number[],
    number[],
  ];
  const welch = welchInterval(own, others);
  const overSeeds: Interval | undefined = welch && [welch.low, welch.high];
  const paired = comparePaired(scheme, baseline);
  return {
    difference: mean(own) - mean(others),
    seeds: [own.length, others.length],
    ...(overSeeds && { overSeeds }),
    ...(paired && { paired }),
    verdict: verdictOf(overSeeds, paired?.overQuestionsAndSeeds),
  };
}

/** McNemar's probability of each scheme that was paired with the baseline, by name, corrected for their number (Holm). */
export function correctedProbabilities(
  schemes: readonly Pick<SchemeSummary, 'name' | 'comparison'>[],
): ReadonlyMap<string, number> {
  const paired = schemes.flatMap(({ name, comparison }) =>
    comparison?.paired ? [{ name, probability: comparison.paired.probability }] : [],
  );
  const corrected = holmCorrected(paired.map(({ probability }) => probability));
  return new Map(paired.map(({ name }, i) => [name, corrected[i] ?? 1]));
}
