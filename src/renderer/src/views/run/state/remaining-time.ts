/** How long a run still takes: stages cost differently, so each is estimated by its own number of visual tokens. */
import { parseCompression, summedVisualTokens, FULL } from '../../../../../shared/compression.ts';
import type { RunPlan } from '../../../../../shared/run-record.ts';

/** What one optimizer step took lately. */
export interface RecentStep {
  readonly stepMs: number;
  /** FLOPs of forward and backward pass; absent in the vision phase. */
  readonly flopsExact?: number;
  /** Of the same step without compression. */
  readonly flopsFull?: number;
}

/** Steps that the pace is taken from: enough to be calm, few enough to follow a change of stage. */
export const PACE_STEPS = 64;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

type PlannedStage = RunPlan['stages'][number];

/** Visual tokens of an image, summed over the layers, in a stage. */
function tokensOf({ depth, visualTokensPerImage }: RunPlan['model'], compression: string): number {
  return summedVisualTokens([visualTokensPerImage], depth, parseCompression(compression));
}

/**
 * FLOPs of a step at another setting than the one it was measured at. They grow with the visual tokens on the line through
 * the measured setting and the full one; a step that was measured in full tells no slope, and stands for all.
 */
function flopsAt(plan: RunPlan, measured: PlannedStage, step: Required<RecentStep>, other: PlannedStage): number {
  const full = summedVisualTokens([plan.model.visualTokensPerImage], plan.model.depth, FULL);
  const [at, wanted] = [tokensOf(plan.model, measured.compression), tokensOf(plan.model, other.compression)];
  if (at >= full) return step.flopsExact;
  return step.flopsExact + ((step.flopsFull - step.flopsExact) * (wanted - at)) / (full - at);
}

function stepMsIn(plan: RunPlan, recent: readonly RecentStep[], current: PlannedStage, stage: PlannedStage): number {
  const stepMs = median(recent.map((step) => step.stepMs));
  const counted = recent.filter(
    (step): step is Required<RecentStep> => step.flopsExact !== undefined && step.flopsExact > 0,
  );
  if (stage === current || counted.length === 0) return stepMs;
  const ratios = counted.map((step) => flopsAt(plan, current, step, stage) / step.flopsExact);
  return stepMs * median(ratios);
}

/**
 * Milliseconds until a run's last step, or undefined before the first step was timed.
 *
 * @param stepsDone optimizer steps done
 * @param recent the newest steps of the current stage, the last one last; those beyond `PACE_STEPS` do not count
 */
export function remainingMs(plan: RunPlan, stepsDone: number, recent: readonly RecentStep[]): number | undefined {
  const steps = recent.slice(-PACE_STEPS);
  if (steps.length === 0) return undefined;
  const lastStep = Math.max(0, stepsDone - 1);
  const current = plan.stages.find(({ firstStep, untilStep }) => lastStep >= firstStep && lastStep < untilStep);
  if (!current) return (plan.totalSteps - stepsDone) * median(steps.map((step) => step.stepMs));
  return plan.stages.reduce((total, stage) => {
    const left = Math.max(0, stage.untilStep - Math.max(stage.firstStep, stepsDone));
    return left === 0 ? total : total + left * stepMsIn(plan, steps, current, stage);
  }, 0);
}
