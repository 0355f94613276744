import { parseCompression } from './compression.ts';
import type { CompressorName } from './compressors.ts';
import { InputError } from './errors.ts';
import { sum } from './sum.ts';

/** A stage as a recipe gives it. */
export interface StageSpec {
  /** Part of the optimizer steps, in (0, 1]. */
  readonly share?: number | undefined;
  /** Pivot: the optimizer step where the stage ends (exclusive). */
  readonly until?: number | undefined;
  /** Stage notation K/S. */
  readonly compression: string;
  /** Of the points that name none. */
  readonly compressor: CompressorName;
}

/**
 * The stages of a recipe. Either all have a `share` (summing to 1) or all have a pivot `until`; the last may leave it out
 * and takes the rest. Where none has either, the steps are split equally, as in the paper (Sec. 4).
 */
export interface StagePlan {
  readonly stages: readonly StageSpec[];
  /** Decoder depth that the layers K are given for. */
  readonly stageDepth: number;
}

const isSameStage = (a: StageSpec, b: StageSpec | undefined): boolean =>
  a.share === b?.share && a.until === b?.until && a.compression === b?.compression && a.compressor === b?.compressor;

/** Whether two plans are written alike: the same stages, given for the same depth. */
export const isSamePlan = (a: StagePlan, b: StagePlan): boolean =>
  a.stageDepth === b.stageDepth &&
  a.stages.length === b.stages.length &&
  a.stages.every((stage, i) => isSameStage(stage, b.stages[i]));

/** What is wrong with a plan; `path` leads from the plan to the field. */
export interface StageProblem {
  readonly path: readonly (string | number)[];
  readonly rule: string;
  readonly value?: unknown;
  readonly hint?: string;
}

type Measure = 'share' | 'until';

const SHARE_TOLERANCE = 1e-6;

function measureOf(stages: readonly StageSpec[]): Measure | undefined {
  if (stages.some((stage) => stage.share !== undefined)) return 'share';
  return stages.some((stage) => stage.until !== undefined) ? 'until' : undefined;
}

/**
 * The optimizer step where each stage ends (exclusive): the pivots as given, or the shares' running sum rounded to whole
 * steps, so that they always add up to `totalSteps`.
 */
export function pivotsOf(stages: readonly StageSpec[], totalSteps: number): number[] {
  const measure = measureOf(stages);
  let share = 0;
  return stages.map((stage, index) => {
    if (measure === 'until') return stage.until ?? totalSteps;
    if (index === stages.length - 1) return totalSteps;
    share += measure === 'share' ? (stage.share ?? 0) : 1 / stages.length;
    return Math.round(share * totalSteps);
  });
}

function compressionProblem(
  { compression, compressor }: StageSpec,
  stageDepth: number,
): Omit<StageProblem, 'path'> | undefined {
  try {
    if (parseCompression(compression, compressor).every((point) => point.layer < stageDepth)) return undefined;
    const rule = `layer must be between -1 and ${stageDepth - 1}: the layers are given for a decoder of ${stageDepth}`;
    return { rule, value: compression, hint: 'stageDepth says for which depth they are given' };
  } catch (error) {
    if (error instanceof InputError) return { rule: error.problem.rule, value: compression };
    throw error;
  }
}

function findWrongCompression({ stages, stageDepth }: StagePlan): StageProblem | undefined {
  for (const [index, stage] of stages.entries()) {
    const problem = compressionProblem(stage, stageDepth);
    if (problem) return { path: ['stages', index, 'compression'], ...problem };
  }
  return undefined;
}

function findMixedMeasures(stages: readonly StageSpec[], measure: Measure): StageProblem | undefined {
  const other = measure === 'share' ? 'until' : 'share';
  const both = stages.findIndex((stage) => stage[other] !== undefined);
  if (both >= 0)
    return { path: ['stages', both, other], rule: `must not be mixed with ${measure}: choose one for all stages` };
  const missing = stages.slice(0, -1).findIndex((stage) => stage[measure] === undefined);
  if (missing < 0) return undefined;
  return {
    path: ['stages', missing],
    rule: `needs ${measure}: only the last stage may leave it out and take the rest`,
  };
}

function findWrongShares(stages: readonly StageSpec[]): StageProblem | undefined {
  const total = sum(stages.map((stage) => stage.share ?? 0));
  const isRestTaken = stages.at(-1)?.share === undefined;
  if (isRestTaken ? total < 1 - SHARE_TOLERANCE : Math.abs(total - 1) <= SHARE_TOLERANCE) return undefined;
  const rule = isRestTaken
    ? 'shares must leave a rest for the last stage: their sum must be below 1'
    : 'shares must sum to 1';
  return { path: ['stages'], rule: `${rule}, and is ${total}`, hint: 'Leave all shares out for equal ones' };
}

/** @param totalSteps Infinity where the run's length is not known yet */
function findWrongPivot(stages: readonly StageSpec[], totalSteps: number): StageProblem | undefined {
  const pivots = pivotsOf(stages, totalSteps);
  const ofRun = Number.isFinite(totalSteps) ? ` of the run's ${totalSteps} steps` : ' step';
  for (const [index, pivot] of pivots.entries()) {
    const path = ['stages', index];
    const begin = pivots[index - 1] ?? 0;
    if (pivot > totalSteps)
      return { path: [...path, 'until'], value: pivot, rule: `must be at most ${totalSteps}, the steps of the run` };
    if (pivot <= begin)
      return { path, rule: `must last at least one${ofRun}: it begins at ${begin} and ends at ${pivot}` };
  }
  const end = stages.at(-1)?.until ?? totalSteps;
  if (end === totalSteps || !Number.isFinite(totalSteps)) return undefined;
  const rule = `the last stage must end with the run, at ${totalSteps}`;
  return { path: ['stages', stages.length - 1, 'until'], value: end, rule, hint: 'Leave its `until` out' };
}

/** The first thing that is wrong with a plan, or undefined. What depends on the run's length needs `totalSteps`. */
export function findStageProblem(plan: StagePlan, totalSteps?: number): StageProblem | undefined {
  const measure = measureOf(plan.stages);
  const problem =
    findWrongCompression(plan) ??
    (measure && findMixedMeasures(plan.stages, measure)) ??
    (measure === 'share' ? findWrongShares(plan.stages) : undefined);
  if (problem || (totalSteps === undefined && measure !== 'until')) return problem;
  return findWrongPivot(plan.stages, totalSteps ?? Infinity);
}
