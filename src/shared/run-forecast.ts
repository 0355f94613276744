/** What a run will take, from a short measured training of its settings: time, memory and visual tokens, by stage and in all. */
import { z } from 'zod';
import type { ProbedFeatures, ProbedRun, ProbedStage, ProbeResult } from './probe.ts';
import { sum } from './sum.ts';

const count = z.int().min(0);
const amount = z.number().min(0);

/** Version of forecast.json. A reader refuses newer ones. */
const FORECAST_FORMAT = 1;

const costSchema = z.strictObject({
  /** Of the stage's optimizer steps. */
  ms: amount,
  /** Largest resident memory of the engine behind a step. */
  memoryBytes: amount,
  /** Summed over decoder layers and samples. */
  visualTokens: amount,
});
export type ForecastCost = z.infer<typeof costSchema>;

const forecastStageSchema = z.strictObject({
  /** First optimizer step of the stage and the one it ends before, counted from 0. */
  firstStep: count,
  untilStep: count,
  /** On this model, K/S. */
  compression: z.string(),
  ...costSchema.shape,
});
type ForecastStage = z.infer<typeof forecastStageSchema>;

/** forecast.json in a run's folder: what was expected when it began. */
export const runForecastSchema = z.strictObject({
  format: z.literal(FORECAST_FORMAT),
  madeAt: z.iso.datetime(),
  stages: z.array(forecastStageSchema),
  /** How long checkpoints hold the training up, and the last save. */
  savingMs: amount,
  /** Of the run; time with saving. */
  run: costSchema,
});
export type RunForecast = z.infer<typeof runForecastSchema>;

/** A stretch of steps at one setting. */
export interface ForecastSteps {
  readonly firstStep: number;
  readonly untilStep: number;
  /** K/S with layers of the model, as the probe names it. */
  readonly compression: string;
}

export interface ForecastPlan {
  readonly stages: readonly ForecastSteps[];
  /** Micro-batches of an optimizer step. */
  readonly accumulate: number;
  /** Optimizer steps between two checkpoints. */
  readonly checkpointEvery: number;
}

/** Functions that are recorded in a number of micro-batches: each shape that comes at least once. */
function expectedRecordings(shapes: readonly number[], batches: number): number {
  return sum(shapes.map((share) => 1 - (1 - share) ** batches));
}

/**
 * Time for features between two steps. A picture that is asked for has its whole group made; after n pictures drawn at
 * random a group is made with probability 1 − (1 − 1/groups)ⁿ. Pictures that are not kept are made each time.
 */
function featuresMs(features: ProbedFeatures, firstStep: number, untilStep: number): number {
  const { kept, groups, images, perStep, msPerImage } = features;
  if (images === 0) return 0;
  const made = (step: number): number =>
    groups === 0 ? 0 : 1 - (1 - 1 / groups) ** (step * perStep * (kept / images));
  const again = (untilStep - firstStep) * perStep * (1 - kept / images);
  return msPerImage * (kept * (made(untilStep) - made(firstStep)) + again);
}

function stageForecast(
  stage: ForecastSteps,
  probed: ProbedStage,
  run: ProbedRun,
  { accumulate, checkpointEvery }: ForecastPlan,
): ForecastStage {
  const { firstStep, untilStep, compression } = stage;
  const steps = untilStep - firstStep;
  const recorded = probed.recordMs * expectedRecordings(probed.shapes, steps * accumulate);
  const features = run.features ? featuresMs(run.features, firstStep, untilStep) : 0;
  return {
    ...{ firstStep, untilStep, compression },
    ms: steps * probed.stepMs + recorded + features,
    memoryBytes: probed.memoryBytes + run.growthBytes + (untilStep > checkpointEvery ? run.savingBytes : 0),
    visualTokens: steps * probed.visualTokens,
  };
}

/** Checkpoints are written while the training goes on, but for the last: the run ends when that is on the disk. */
function savingMs({ stages, checkpointEvery }: ForecastPlan, { heldMs, savedMs = heldMs }: ProbedRun): number {
  const steps = stages.at(-1)?.untilStep ?? 0;
  return Math.floor(Math.max(0, steps - 1) / checkpointEvery) * heldMs + savedMs;
}

/**
 * Forecasts a run. Loading and preparing before its first step is not counted, as a run's time does not count it.
 *
 * @param madeAt ISO 8601
 * @returns undefined where a setting of the run was not measured
 */
export function forecastRun(plan: ForecastPlan, probe: ProbeResult, madeAt: string): RunForecast | undefined {
  const measured = new Map(probe.stages.map((stage) => [stage.compression, stage]));
  const stages: ForecastStage[] = [];
  for (const stage of plan.stages) {
    const probed = measured.get(stage.compression);
    if (!probed) return undefined;
    stages.push(stageForecast(stage, probed, probe.run, plan));
  }
  if (stages.length === 0) return undefined;
  const saving = savingMs(plan, probe.run);
  return {
    ...{ format: FORECAST_FORMAT, madeAt, stages, savingMs: saving },
    run: {
      ms: sum(stages.map(({ ms }) => ms)) + saving,
      memoryBytes: Math.max(...stages.map(({ memoryBytes }) => memoryBytes)),
      visualTokens: sum(stages.map(({ visualTokens }) => visualTokens)),
    },
  };
}
