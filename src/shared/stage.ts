import {
  FULL,
  formatCompression,
  parseCompression,
  ratioPercent,
  scaleCompression,
  scaleLayer,
  summedVisualTokens,
  type Compression,
} from './compression.ts';
import { InputError } from './errors.ts';
import { findStageProblem, pivotsOf, type StagePlan } from './stage-plan.ts';
import { sum } from './sum.ts';
import { fieldPath } from './validation.ts';

/** A stage of a run: optimizer steps `firstStep` (inclusive) to `untilStep` (exclusive), counted from 0. */
export interface Stage {
  readonly index: number;
  readonly firstStep: number;
  readonly untilStep: number;
  readonly compression: Compression;
}

/** Stages that partition the steps of a run. */
export interface ResolvedStages {
  readonly stages: readonly Stage[];
  /** Where layers were scaled to the model's depth, in words, to be shown. */
  readonly notices: readonly string[];
}

function scalingNotice(compression: Compression, index: number, fromDepth: number, depth: number): string[] {
  const moved = compression
    .map(({ layer }) => ({ layer, scaled: scaleLayer(layer, fromDepth, depth) }))
    .filter(({ layer, scaled }) => layer !== scaled)
    .map(({ layer, scaled }) => `layer ${layer} of ${fromDepth} → ${scaled} of ${depth}`);
  if (moved.length === 0) return [];
  const [given, used] = [compression, scaleCompression(compression, fromDepth, depth)].map((one) =>
    formatCompression(one),
  );
  return [`stage ${index + 1}: ${given} runs as ${used} (${moved.join(', ')})`];
}

/**
 * The stages of a run of `totalSteps` optimizer steps on a decoder of `depth` layers.
 *
 * @throws InputError naming the stage and the limit where the plan does not fit the run.
 */
export function resolveStages(plan: StagePlan, totalSteps: number, depth: number): ResolvedStages {
  const problem = findStageProblem(plan, totalSteps);
  if (problem) throw new InputError({ ...problem, field: fieldPath(problem.path) });
  const pivots = pivotsOf(plan.stages, totalSteps);
  const given = plan.stages.map((stage) => parseCompression(stage.compression, stage.compressor));
  const stages = given.map((compression, index) => ({
    index,
    firstStep: pivots[index - 1] ?? 0,
    untilStep: pivots[index] ?? totalSteps,
    compression: scaleCompression(compression, plan.stageDepth, depth),
  }));
  const notices = given.flatMap((compression, index) => scalingNotice(compression, index, plan.stageDepth, depth));
  return { stages, notices };
}

/** The stage of optimizer step `step` (from 0). @throws RangeError for a step outside the run. */
export function stageAt(stages: readonly Stage[], step: number): Stage {
  const stage = stages.find(({ firstStep, untilStep }) => step >= firstStep && step < untilStep);
  if (!stage) throw new RangeError(`step ${step} is outside the run's ${stages.at(-1)?.untilStep ?? 0} steps`);
  return stage;
}

/** #Tokens of a scheme (Tab. 1–2): visual tokens of a sample summed over layers, averaged over the steps of the run. */
export function averageVisualTokens(stages: readonly Stage[], groupLengths: readonly number[], depth: number): number {
  const totalSteps = stages.at(-1)?.untilStep ?? 0;
  const weighted = stages.map(
    ({ firstStep, untilStep, compression }) =>
      (untilStep - firstStep) * summedVisualTokens(groupLengths, depth, compression),
  );
  return sum(weighted) / totalSteps;
}

/** Compression ratio of a whole run in percent (Tab. 1–2): full #Tokens over the average one; 100 = no compression. */
export function averageCompressionRatio(
  stages: readonly Stage[],
  groupLengths: readonly number[],
  depth: number,
): number {
  const full = summedVisualTokens(groupLengths, depth, FULL);
  return ratioPercent(full, averageVisualTokens(stages, groupLengths, depth));
}
