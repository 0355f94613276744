/** What a run's folder tells a report. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { parseCompression } from '../../shared/compression.ts';
import { InputError } from '../../shared/errors.ts';
import { evaluationReportSchema, type EvaluationReport } from '../../shared/evaluation.ts';
import {
  parseMetrics,
  runCompressionRatio,
  trainMetricsSchema,
  visionMetricsSchema,
  type TrainMetrics,
  type VisionMetrics,
} from '../../shared/metrics.ts';
import type { InstructRecipe, VisionRecipe } from '../../shared/recipe.ts';
import { parseVersioned, RUN_FORMAT, runRecordSchema, type RunPlan, type RunRecord } from '../../shared/run-record.ts';
import { mean, median } from '../../shared/statistics.ts';
import { sum } from '../../shared/sum.ts';
import { fieldPath, ruleOf } from '../../shared/validation.ts';
import { runRecipe } from '../runs/run-recipe.ts';

/** Folder in a run's folder for what evaluations of it found, one JSON file each. */
export const EVALUATIONS = 'evaluations';

/** Last steps that a tower's own accuracy is averaged over: single batches are small. */
const LAST_STEPS = 100;

/** An evaluation that was saved in a run's folder. */
export interface SavedEvaluation {
  readonly file: string;
  readonly report: EvaluationReport;
}

interface CommonResult {
  /** As it was given. */
  readonly folder: string;
  readonly record: RunRecord;
  readonly plan: RunPlan;
  /** Sum of the optimizer steps' durations: without loading, checkpoints and breaks. */
  readonly trainingMs: number;
  readonly medianStepMs: number;
}

/** A finished training on conversations. */
export interface InstructResult extends CommonResult {
  readonly phase: 'instruct';
  readonly recipe: InstructRecipe;
  /** Compression ratio of the whole run in percent. */
  readonly compressionRatio: number;
  /** #Tokens: visual tokens per sample, summed over layers, averaged over the run; and what full training would have had. */
  readonly tokensPerSample: number;
  readonly fullTokensPerSample: number;
  /** Share of full training's FLOPs that was saved, in percent. */
  readonly savedPercentPaper: number;
  readonly savedPercentExact: number;
  /** Of every optimizer step. */
  readonly losses: readonly number[];
  readonly evaluations: readonly SavedEvaluation[];
}

/** A finished training of a vision tower. */
export interface VisionResult extends CommonResult {
  readonly phase: 'vision';
  readonly recipe: VisionRecipe;
  /** Accuracy of its own heads on augmented training images, over the last steps. */
  readonly accuracy: number;
}

export type RunResult = InstructResult | VisionResult;

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const hint = 'Name the folders of finished runs';
    throw new InputError({ file, rule: 'is missing or cannot be read', hint }, { cause: error });
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readText(file));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError({ file, rule: 'must be JSON' }, { cause: error });
  }
}

function readRecord(folder: string): { record: RunRecord; plan: RunPlan } {
  const file = join(folder, 'run.json');
  const record = parseVersioned(runRecordSchema, readJson(file), file, RUN_FORMAT);
  if (record.state !== 'finished' || !record.plan) {
    const hint = `Go on with it: llavolta train --resume ${folder}`;
    throw new InputError({ file, field: 'state', value: record.state, rule: 'must be finished', hint });
  }
  return { record, plan: record.plan };
}

function readMetrics<T extends z.ZodType>(folder: string, schema: T, steps: number): z.output<T>[] {
  const file = join(folder, 'metrics.jsonl');
  const lines = readText(file).split('\n').filter(Boolean);
  if (lines.length !== steps) {
    throw new InputError({ file, value: lines.length, rule: `must have ${steps} lines, one for each optimizer step` });
  }
  return lines.map((line, i) => parseMetrics(schema, line, `${file}:${i + 1}`));
}

function readEvaluation(file: string): SavedEvaluation {
  const parsed = evaluationReportSchema.safeParse(readJson(file), { reportInput: true });
  if (parsed.success) return { file, report: parsed.data };
  const [issue] = parsed.error.issues;
  const rule = issue ? ruleOf(issue, issue.input) : 'is not valid';
  throw new InputError({ file, field: fieldPath(issue?.path ?? []), rule });
}

function readEvaluations(folder: string): SavedEvaluation[] {
  const evaluations = join(folder, EVALUATIONS);
  if (!existsSync(evaluations)) return [];
  const names = readdirSync(evaluations).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => readEvaluation(join(evaluations, name)));
}

const savedPercent = (saved: number, used: number): number => (saved + used === 0 ? 0 : (100 * saved) / (saved + used));

type InstructFigures = Omit<InstructResult, keyof CommonResult | 'phase' | 'recipe' | 'evaluations'>;

/** @param metrics of all steps, at least one */
function figuresOf(metrics: readonly TrainMetrics[]): InstructFigures {
  const last = metrics.at(-1) as TrainMetrics;
  const { samples, visualTokensSeen, visualTokensSaved, flopsSavedPaper, flopsSavedExact } = last;
  return {
    compressionRatio: runCompressionRatio(last),
    tokensPerSample: visualTokensSeen / samples,
    fullTokensPerSample: (visualTokensSeen + visualTokensSaved) / samples,
    savedPercentPaper: savedPercent(flopsSavedPaper, sum(metrics.map(({ flopsPaper }) => flopsPaper))),
    savedPercentExact: savedPercent(flopsSavedExact, sum(metrics.map(({ flopsExact }) => flopsExact))),
    losses: metrics.map(({ loss }) => loss),
  };
}

type Durations = Pick<CommonResult, 'trainingMs' | 'medianStepMs'>;

function durationsOf(metrics: readonly (TrainMetrics | VisionMetrics)[]): Durations {
  const durations = metrics.map(({ stepMs }) => stepMs);
  return { trainingMs: sum(durations), medianStepMs: median(durations) };
}

/**
 * Reads the folder of a finished run.
 *
 * @throws InputError naming the file and what is wrong with it
 */
export function readRunResult(folder: string): RunResult {
  const { record, plan } = readRecord(folder);
  const recipeFile = join(folder, 'recipe.yaml');
  const recipe = runRecipe(readText(recipeFile), recipeFile);
  const common = { folder, record, plan };
  if (recipe.phase === 'vision') {
    const metrics = readMetrics(folder, visionMetricsSchema, plan.totalSteps);
    const accuracy = mean(metrics.slice(-LAST_STEPS).map((line) => line.accuracy));
    return { ...common, phase: 'vision', recipe, ...durationsOf(metrics), accuracy };
  }
  const metrics = readMetrics(folder, trainMetricsSchema, plan.totalSteps);
  const evaluations = readEvaluations(folder);
  return {
    ...{ ...common, phase: 'instruct', recipe, evaluations },
    ...{ ...durationsOf(metrics), ...figuresOf(metrics) },
  };
}

/** The setting that the run ended with: its model is for use at it. */
export function finalCompression({ plan }: Pick<RunRecord, 'plan'>): string {
  return plan?.stages.at(-1)?.compression ?? 'none';
}

/** Whether no stage compresses. */
export function isFullTraining({ plan }: InstructResult): boolean {
  return plan.stages.every(({ compression }) => parseCompression(compression).length === 0);
}
