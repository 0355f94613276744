import { formatCompression, ratioPercent } from '../../../shared/compression.ts';
import type { RowTokens } from '../../../shared/exact-flops.ts';
import type { TrainMetrics } from '../../../shared/metrics.ts';
import type { InstructRecipe } from '../../../shared/recipe.ts';
import type { Stage } from '../../../shared/stage.ts';
import { stepCostAgainstFull, trainingMode, type StepCost } from '../../../shared/training-cost.ts';
import { IGNORED_LABEL, type EncodedRow } from '../data/batch.ts';
import type { GraphCounts } from '../backend/graph/graph-function.ts';
import { tf } from '../backend/tensorflow.ts';
import type { LlavaConfig } from '../model/config.ts';
import { modelShape } from '../model/model-shape.ts';
import type { LoopState, Totals } from './loop-state.ts';
import type { Update } from './updater.ts';

/** What the loop knows about the step it has just done. */
export interface StepFacts extends Update {
  readonly rows: readonly EncodedRow[];
  readonly stage: Stage;
  readonly stepMs: number;
  readonly functions: GraphCounts;
  readonly config: LlavaConfig;
  readonly train: InstructRecipe['train'];
  /** Optimizer steps in one pass over the data. */
  readonly stepsPerEpoch: number;
}

/** Positions of a row that are predicted; the first one has nothing before it to be predicted from. */
export function supervisedTokens({ labels }: EncodedRow): number {
  return labels.subarray(1).filter((label) => label !== IGNORED_LABEL).length;
}

const sumOver = (rows: readonly EncodedRow[], value: (row: EncodedRow) => number): number =>
  rows.reduce((total, row) => total + value(row), 0);

const visualTokensOf = (row: EncodedRow): number => row.groups.reduce((total, { length }) => total + length, 0);

/** A row as its cost depends on it. */
export function rowTokens(row: EncodedRow): RowTokens {
  return {
    groupLengths: row.groups.map(({ length }) => length),
    textTokens: row.tokenIds.length - visualTokensOf(row),
    headTokens: supervisedTokens(row),
  };
}

function costs({ rows, stage, config, train }: StepFacts): { compressed: StepCost; full: StepCost } {
  const options = { cachedFeatures: train.cacheFeatures };
  return stepCostAgainstFull(rows.map(rowTokens), stage.compression, modelShape(config), trainingMode(train), options);
}

/** The totals after a step. */
function addTotals(totals: Totals, facts: StepFacts, compressed: StepCost, full: StepCost): Totals {
  return {
    samples: totals.samples + facts.rows.length,
    visualTokensSeen: totals.visualTokensSeen + compressed.visualTokens,
    visualTokensSaved: totals.visualTokensSaved + full.visualTokens - compressed.visualTokens,
    flopsSavedPaper: totals.flopsSavedPaper + full.flopsPaper - compressed.flopsPaper,
    flopsSavedExact: totals.flopsSavedExact + full.flopsExact - compressed.flopsExact,
    trainingMs: totals.trainingMs + facts.stepMs,
  };
}

/** The line of `metrics.jsonl` of the step that `state` is about to finish, and the totals after it. */
export function stepMetrics(state: LoopState, facts: StepFacts): { metrics: TrainMetrics; totals: Totals } {
  const { rows, stage, stepMs } = facts;
  const { compressed, full } = costs(facts);
  const totals = addTotals(state.totals, facts, compressed, full);
  const { trainingMs: _, ...counts } = totals;
  const metrics = {
    ...counts,
    step: state.step + 1,
    epoch: (state.step + 1) / facts.stepsPerEpoch,
    loss: state.partialLoss,
    lr: facts.lr,
    ...(facts.lrs && { lrs: facts.lrs }),
    gradNorm: facts.gradNorm,
    stepMs,
    memoryBytes: process.memoryUsage.rss(),
    tensors: tf.memory().numTensors,
    functionsRecorded: facts.functions.recorded,
    functionsEvicted: facts.functions.evicted,
    time: new Date().toISOString(),
    stage: stage.index,
    compression: formatCompression(stage.compression),
    visualTokens: compressed.visualTokens,
    visualTokensPerLayer: [...compressed.visualTokensPerLayer],
    compressionRatio: ratioPercent(full.visualTokens, compressed.visualTokens),
    flopsPaper: compressed.flopsPaper,
    flopsFastv: compressed.flopsFastv,
    flopsPyramidDrop: compressed.flopsPyramidDrop,
    flopsExact: compressed.flopsExact,
    supervisedTokens: sumOver(rows, supervisedTokens),
    tokensPerSecond: sumOver(rows, (row) => row.tokenIds.length) / (stepMs / 1000),
  };
  return { metrics, totals };
}
