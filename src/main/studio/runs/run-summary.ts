/** A run's folder as a row of a table. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  SPARKLINE_POINTS,
  type RunSummary,
  type SavedEvaluation,
  type StudioRunState,
} from '../../../shared/api/runs.ts';
import { parseCompression } from '../../../shared/compression.ts';
import { isScoredOutside, mainMetric } from '../../../shared/evaluation.ts';
import type { WrittenRecipe } from '../../../shared/recipe.ts';
import type { RunPlan, RunRecord, RunState } from '../../../shared/run-record.ts';
import { averageCompressionRatio } from '../../../shared/stage.ts';
import { schemeNameOf } from '../recipes/scheme-names.ts';
import { partMeans } from './decimate.ts';
import type { MetricsTable } from './metrics-table.ts';
import { RUN_PATHS, type RunNotes } from './run-files.ts';

/** What a summary is made of. */
export interface RunParts {
  readonly folder: string;
  readonly record: RunRecord;
  readonly recipe: WrittenRecipe | undefined;
  readonly notes: RunNotes;
  readonly metrics: MetricsTable;
  readonly evaluations: readonly SavedEvaluation[];
  /** Whether a living process holds the run. */
  readonly isHeld: boolean;
}

/** What the studio knows beyond the run's files, while it trains it. */
export type LiveState = Partial<Pick<RunSummary, 'state' | 'reason' | 'failure'>>;

/** States that only a living engine can be in. */
const LIVING: readonly RunState[] = ['created', 'running', 'checkpointing', 'paused'];

function stateOf({ record, isHeld }: RunParts): StudioRunState {
  return LIVING.includes(record.state) && !isHeld ? 'interrupted' : record.state;
}

function stagesOf(plan: RunPlan | undefined): RunSummary['stages'] {
  if (!plan) return [];
  return plan.stages.map((stage) => ({ ...stage, share: (stage.untilStep - stage.firstStep) / plan.totalSteps }));
}

function ratioOf(plan: RunPlan | undefined): number | undefined {
  if (!plan || plan.stages.length === 0) return undefined;
  const stages = plan.stages.map((stage, index) => ({
    ...stage,
    index,
    compression: parseCompression(stage.compression),
  }));
  return averageCompressionRatio(stages, [plan.model.visualTokensPerImage], plan.model.depth);
}

/** The best accuracy of any setting of any evaluation that is scored here. */
function scoreOf(evaluations: readonly SavedEvaluation[]): RunSummary['score'] {
  const scored = evaluations.filter(({ report }) => !isScoredOutside(report));
  const all = scored.flatMap(({ name, report }) => report.settings.map((setting) => ({ name, setting })));
  const [best] = all.sort((a, b) => b.setting.accuracy - a.setting.accuracy);
  if (!best) return undefined;
  const { compression, accuracy, interval, score } = best.setting;
  const metric = mainMetric(best.setting);
  const found = { evaluation: best.name, compression, accuracy, interval, questions: score.questions };
  return { ...found, ...(metric && { metric }) };
}

function lossFields(metrics: MetricsTable): Pick<RunSummary, 'losses' | 'lastLoss' | 'bestLoss'> {
  const losses = partMeans(metrics.column('loss') ?? new Float64Array(0), SPARKLINE_POINTS);
  const last = metrics.last('loss');
  return {
    losses,
    ...(last !== undefined && { lastLoss: last }),
    ...(losses.length > 0 && { bestLoss: Math.min(...losses) }),
  };
}

/** @param metrics of the run, already refreshed */
export function summarise(name: string, parts: RunParts, live: LiveState = {}): RunSummary {
  const { folder, record, recipe, notes, metrics, evaluations } = parts;
  const { plan, progress } = record;
  const ratio = ratioOf(plan);
  const scheme = recipe && schemeNameOf(recipe);
  const score = scoreOf(evaluations);
  return {
    name,
    title: notes.title ?? name,
    state: live.state ?? stateOf(parts),
    recipe: recipe?.name ?? record.name,
    phase: plan?.phase ?? recipe?.phase ?? 'instruct',
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    secondsTrained: metrics.last('seconds') ?? 0,
    step: Math.max(progress.step, metrics.last('step') ?? 0),
    stages: stagesOf(plan),
    ...lossFields(metrics),
    tags: notes.tags,
    note: notes.note,
    hasModel: existsSync(join(folder, RUN_PATHS.final, 'config.json')),
    ...definedOnly({
      ...{
        totalSteps: plan?.totalSteps,
        depth: plan?.model.depth,
        compressionRatio: ratio,
        scheme,
        score,
        checkpoint: progress.checkpoint,
      },
      depth: plan?.model.depth,
      ...{ reason: live.reason ?? record.reason, failure: live.failure ?? record.failure },
    }),
  };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** An object without the fields that are undefined: JSON has no such value. */
export function definedOnly<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
