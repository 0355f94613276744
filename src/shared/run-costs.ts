/** What a run took, by stage and in all, from its metrics; beside what was forecast. */
import { z } from 'zod';
import { ratioPercent } from './compression.ts';
import { FLOPS_RULES } from './flops-rules.ts';
import type { MetricKey } from './api/metrics-query.ts';
import { runForecastSchema, type ForecastCost, type RunForecast } from './run-forecast.ts';
import type { StageRecord } from './run-record.ts';

const count = z.int().min(0);
const amount = z.number().min(0);

const costsSchema = z.strictObject({
  /** Optimizer steps that were done. */
  steps: count,
  /** Sum of their durations. */
  ms: amount,
  /** Largest resident memory of the engine. */
  memoryBytes: amount,
  /** Summed over decoder layers and samples. */
  visualTokens: amount,
  /** In percent; 100 = no compression. Absent where there are no visual tokens. */
  compressionRatio: amount.optional(),
  /** Sums by rule; absent where a line does not have them. */
  flopsPaper: amount.optional(),
  flopsFastv: amount.optional(),
  flopsPyramidDrop: amount.optional(),
  flopsExact: amount.optional(),
});
export type Costs = z.infer<typeof costsSchema>;

const stageCostsSchema = z.strictObject({
  firstStep: count,
  untilStep: count,
  compression: z.string(),
  ...costsSchema.shape,
});
export type StageCosts = z.infer<typeof stageCostsSchema>;

/** `GET /runs/:name/costs`. */
export const runCostsSchema = z.strictObject({
  /** Those that have begun. */
  stages: z.array(stageCostsSchema),
  run: costsSchema,
  /** From the start of training to its end, saving included, of all sessions; absent while one goes on. */
  wallMs: amount.optional(),
  forecast: runForecastSchema.optional(),
});
export type RunCosts = z.infer<typeof runCostsSchema>;

/** The numbers of a metrics.jsonl, one row a step. */
export interface CostRows {
  readonly length: number;
  /** NaN or undefined where the row has no such number. */
  value(key: MetricKey, row: number): number | undefined;
}

const valueAt = (rows: CostRows, key: MetricKey, row: number): number | undefined => {
  const value = rows.value(key, row);
  return value === undefined || Number.isNaN(value) ? undefined : value;
};

/** Sum over rows; undefined where one has no such number. */
function total(rows: CostRows, key: MetricKey, from: number, until: number): number | undefined {
  let result = 0;
  for (let row = from; row < until; row++) {
    const value = valueAt(rows, key, row);
    if (value === undefined) return undefined;
    result += value;
  }
  return result;
}

function largest(rows: CostRows, key: MetricKey, from: number, until: number): number {
  let result = 0;
  for (let row = from; row < until; row++) result = Math.max(result, valueAt(rows, key, row) ?? 0);
  return result;
}

/** Costs of the rows from one to before another. */
function costsBetween(rows: CostRows, from: number, until: number): Costs {
  const visualTokens = total(rows, 'visualTokens', from, until) ?? 0;
  const savedAt = (row: number): number => (row < 0 ? 0 : (valueAt(rows, 'visualTokensSaved', row) ?? 0));
  const saved = savedAt(until - 1) - savedAt(from - 1);
  const counted = FLOPS_RULES.flatMap(({ key }) => {
    const flops = total(rows, key, from, until);
    return flops === undefined ? [] : [[key, flops] as const];
  });
  return {
    steps: until - from,
    ms: total(rows, 'stepMs', from, until) ?? 0,
    memoryBytes: largest(rows, 'memoryBytes', from, until),
    visualTokens,
    ...(visualTokens > 0 && { compressionRatio: ratioPercent(visualTokens + saved, visualTokens) }),
    ...Object.fromEntries(counted),
  };
}

/** Costs of a run's stages so far and of the run. @param rows one for each step from the first one on */
export function costsOf(stages: readonly StageRecord[], rows: CostRows): Pick<RunCosts, 'stages' | 'run'> {
  const begun = stages.filter(({ firstStep }) => firstStep < rows.length);
  return {
    stages: begun.map((stage) => ({
      ...stage,
      ...costsBetween(rows, stage.firstStep, Math.min(stage.untilStep, rows.length)),
    })),
    run: costsBetween(rows, 0, rows.length),
  };
}

/** One line of forecast against measured. */
export interface ForecastLine {
  /** K/S of a stage; undefined for the run. */
  readonly compression: string | undefined;
  readonly forecast: ForecastCost;
  /** Absent while it is not over. */
  readonly measured: ForecastCost | undefined;
}

/** The stages and, last, the run: its time is from start to end, saving included. */
export function forecastLines(forecast: RunForecast, costs: Omit<RunCosts, 'forecast'>): ForecastLine[] {
  const stages = forecast.stages.map((expected): ForecastLine => {
    const { firstStep, untilStep, compression, ms, memoryBytes, visualTokens } = expected;
    const took = costs.stages.find((stage) => stage.firstStep === firstStep && stage.steps === untilStep - firstStep);
    return { compression, forecast: { ms, memoryBytes, visualTokens }, measured: took && costOf(took) };
  });
  const steps = forecast.stages.at(-1)?.untilStep;
  const { run, wallMs } = costs;
  const measured = run.steps === steps && wallMs !== undefined ? { ...costOf(run), ms: wallMs } : undefined;
  return [...stages, { compression: undefined, forecast: forecast.run, measured }];
}

const costOf = ({ ms, memoryBytes, visualTokens }: Costs): ForecastCost => ({ ms, memoryBytes, visualTokens });

/** By how much a forecast was too high (above 0) or too low, as a share of what was measured. */
export function forecastError(forecast: number, measured: number): number | undefined {
  return measured > 0 ? forecast / measured - 1 : undefined;
}
