/** How long the stages of a plan are, as parts of the run, and how a recipe writes that down. */
import { pivotsOf, type StageSpec } from '../../../../../shared/stage-plan.ts';
import { sum } from '../../../../../shared/sum.ts';

/** How a recipe says where stages end: as `share`, as the step `until`, or not at all. */
export type Measure = 'share' | 'until' | 'equal';

const SHARE_DECIMALS = 6;

/** The shortest stage that can be dragged where the run's length is not known. */
const SHORTEST = 0.001;

export function measureOf(stages: readonly StageSpec[]): Measure {
  if (stages.some(({ share }) => share !== undefined)) return 'share';
  return stages.some(({ until }) => until !== undefined) ? 'until' : 'equal';
}

/** A length of the run to draw pivots against while the real one is unknown: the last stage as long as a mean one. */
function assumedSteps(stages: readonly StageSpec[]): number {
  const last = Math.max(0, ...stages.map(({ until }) => until ?? 0));
  return Math.max(stages.length, Math.round((last * stages.length) / Math.max(1, stages.length - 1)));
}

/**
 * Part of the run that each stage takes; they sum to 1. A plan that breaks the rules is drawn as well as it can be: no
 * length is below 0.
 *
 * @param totalSteps optimizer steps of the run; undefined where it is not known
 */
export function lengthsOf(stages: readonly StageSpec[], totalSteps?: number): number[] {
  const measure = measureOf(stages);
  if (measure === 'until') {
    const total = totalSteps ?? assumedSteps(stages);
    const pivots = pivotsOf(stages, total).map((pivot) => Math.min(pivot, total));
    return normalised(pivots.map((pivot, index) => pivot - (pivots[index - 1] ?? 0)));
  }
  if (measure === 'equal') return stages.map(() => 1 / stages.length);
  const given = stages.map(({ share }) => share);
  const rest = 1 - sum(given.map((share) => share ?? 0));
  return normalised(given.map((share, index) => share ?? (index === stages.length - 1 ? rest : 0)));
}

function normalised(lengths: readonly number[]): number[] {
  const bounded = lengths.map((length) => Math.max(0, length));
  const total = sum(bounded);
  return bounded.map((length) => (total > 0 ? length / total : 1 / lengths.length));
}

/** Where each stage ends, as part of the run; the last one ends at 1. */
export function endsOf(lengths: readonly number[]): number[] {
  let end = 0;
  return lengths.map((length, index) => (index === lengths.length - 1 ? 1 : (end += length)));
}

/** The shortest that a stage may be: one optimizer step. */
export function shortestStage(totalSteps?: number): number {
  return totalSteps === undefined ? SHORTEST : 1 / Math.max(1, totalSteps);
}

function round(value: number): number {
  return Number(value.toFixed(SHARE_DECIMALS));
}

/** Ends in steps: whole, each at least one after the one before, with room left for the stages that follow. */
function wholeEnds(ends: readonly number[], totalSteps: number): number[] {
  let before = 0;
  return ends.map((end, index) => {
    const room = totalSteps - (ends.length - 1 - index);
    before = Math.max(before + 1, Math.min(Math.round(end * totalSteps), room));
    return before;
  });
}

/** Whether every stage has a step: ends less than one apart may be rounded to the same. */
function eachLasts(stages: readonly StageSpec[], totalSteps: number): boolean {
  return pivotsOf(stages, totalSteps).every((pivot, index, pivots) => pivot > (pivots[index - 1] ?? 0));
}

/**
 * Writes lengths into the stages of a recipe. The last stage takes the rest and says nothing.
 *
 * @param measure `until` needs `totalSteps`; without it, shares are written
 */
export function withLengths(
  stages: readonly StageSpec[],
  lengths: readonly number[],
  measure: Measure,
  totalSteps?: number,
): StageSpec[] {
  const ends = endsOf(lengths);
  const bare = stages.map(({ compression, compressor }) => ({ compression, compressor }));
  const isLast = (index: number): boolean => index === stages.length - 1;
  if (measure === 'equal') return bare;
  const whole = totalSteps === undefined ? undefined : wholeEnds(ends, totalSteps);
  if (measure === 'until' && whole) {
    return bare.map((stage, index) => (isLast(index) ? stage : { until: whole[index]!, ...stage }));
  }
  const shares = (at: readonly number[]): StageSpec[] =>
    bare.map((stage, index) =>
      isLast(index) ? stage : { share: round(round(at[index]!) - round(at[index - 1] ?? 0)), ...stage },
    );
  const written = shares(ends);
  if (totalSteps === undefined || !whole || eachLasts(written, totalSteps)) return written;
  return shares(whole.map((step) => step / totalSteps));
}
