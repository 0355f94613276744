/** Writes the folder of a run as an engine would have left it after very many steps, to see how the studio bears it. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FULL, formatCompression, parseCompression, visualTokensPerLayer } from '../src/shared/compression.ts';
import { trainMetricsSchema, type TrainMetrics } from '../src/shared/metrics.ts';
import { Random } from '../src/shared/random.ts';
import { RUN_FORMAT, runRecordSchema, type RunPlan, type RunRecord, type RunState } from '../src/shared/run-record.ts';
import { stepCost } from '../src/shared/training-cost.ts';
import { sum } from '../src/shared/sum.ts';

const DEPTH = 6;
const TOKENS_PER_IMAGE = 64;
const BATCH = 32;
const STEP_MS = 800;
const FIRST_DAY = Date.UTC(2026, 0, 1);
const SETTINGS = ['1/8', '3/8', '3/2', 'none'];
const TEXT_TOKENS = 40;
const CHECKED_EVERY = 10_000;

/** The small model's sizes, for FLOPs. */
const MODEL = {
  vision: { layers: 4, hiddenSize: 96, intermediateSize: 384, imageSize: 64, patchSize: 8, hasClassToken: true },
  decoder: {
    ...{ layers: DEPTH, hiddenSize: 128, intermediateSize: 352, heads: 4, kvHeads: 4, headDim: 32, vocabSize: 128 },
  },
};
const MODE = { trainsDecoder: true, trainsVisionTower: false, gradientCheckpointing: false };

/** Four stages of equal length, as the paper's schemes have them. */
export function longRunPlan(steps: number): RunPlan {
  const stages = SETTINGS.map((compression, index) => ({
    firstStep: Math.round((index * steps) / SETTINGS.length),
    untilStep: Math.round(((index + 1) * steps) / SETTINGS.length),
    compression: formatCompression(parseCompression(compression)),
  }));
  return {
    ...{ phase: 'instruct', totalSteps: steps, accumulate: 1, stages },
    model: { parameters: 1_575_808, trained: 1_326_976, depth: DEPTH, visualTokensPerImage: TOKENS_PER_IMAGE },
    data: { samples: 4000, rows: 11_121, sha256: '0'.repeat(64) },
  };
}

/** What a step of each stage costs, and costs in full; rows are alike. */
function stageCosts(plan: RunPlan) {
  const rows = Array.from({ length: BATCH }, () => ({
    ...{ groupLengths: [TOKENS_PER_IMAGE], textTokens: TEXT_TOKENS, headTokens: 8 },
  }));
  const full = stepCost(rows, FULL, MODEL, MODE);
  const costs = plan.stages.map(({ compression }) => {
    const setting = parseCompression(compression);
    const perLayer = visualTokensPerLayer([TOKENS_PER_IMAGE], DEPTH, setting).map((tokens) => tokens * BATCH);
    return { ...stepCost(rows, setting, MODEL, MODE), perLayer, compression };
  });
  return { full, costs };
}

/** Rows of metrics as the trainer writes them: a falling noisy loss with spikes, a cosine, jumps between stages. */
export function* metricRows(plan: RunPlan, steps: number): Generator<TrainMetrics, void> {
  const random = Random.from(1, 'long-run');
  const { full, costs } = stageCosts(plan);
  const totals = { visualTokensSeen: 0, visualTokensSaved: 0, flopsSavedPaper: 0, flopsSavedExact: 0 };
  for (let step = 1; step <= steps; step++) {
    const stage = plan.stages.findIndex(({ untilStep }) => step <= untilStep);
    const cost = costs[stage]!;
    const part = step / plan.totalSteps;
    totals.visualTokensSeen += cost.visualTokens;
    totals.visualTokensSaved += full.visualTokens - cost.visualTokens;
    totals.flopsSavedPaper += full.flopsPaper - cost.flopsPaper;
    totals.flopsSavedExact += full.flopsExact - cost.flopsExact;
    const spike = random.uniform() < 1e-4 ? 3 * random.uniform() : 0;
    const stepMs = (STEP_MS * cost.flopsExact) / full.flopsExact + 80 * random.uniform();
    yield {
      ...{ step, epoch: (step * BATCH) / plan.data.rows, samples: step * BATCH },
      loss: 0.12 + 2.4 * Math.exp(-8 * part) + 0.08 * random.uniform() + spike,
      lr: 5e-4 * (1 + Math.cos(Math.PI * part)),
      gradNorm: 0.2 + random.uniform() + 5 * spike,
      ...{ stepMs, memoryBytes: 1_800_000_000 + Math.floor(4e7 * random.uniform()), tensors: 315 },
      time: new Date(FIRST_DAY + step * STEP_MS).toISOString(),
      ...{ stage, compression: cost.compression, visualTokens: cost.visualTokens },
      visualTokensPerLayer: cost.perLayer,
      compressionRatio: (100 * full.visualTokens) / cost.visualTokens,
      ...totals,
      ...{ flopsPaper: cost.flopsPaper, flopsExact: cost.flopsExact, supervisedTokens: 200 + (step % 40) },
      tokensPerSecond: (1000 * BATCH * (TEXT_TOKENS + sum([TOKENS_PER_IMAGE]))) / stepMs,
    };
  }
}

async function writeMetrics(file: string, plan: RunPlan): Promise<TrainMetrics | undefined> {
  const stream = createWriteStream(file);
  let last: TrainMetrics | undefined;
  for (const row of metricRows(plan, plan.totalSteps)) {
    // The real lines' own check, now and then: all are made by the same code.
    last = row.step % CHECKED_EVERY === 1 ? trainMetricsSchema.parse(row) : row;
    if (!stream.write(`${JSON.stringify(row)}\n`)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'finish');
  return last;
}

/** The run.json of a run that has come to a step; of one that begins, where none is given. */
export function longRunRecord(name: string, plan: RunPlan, state: RunState, last?: TrainMetrics): RunRecord {
  const now = new Date().toISOString();
  const totals = last && {
    ...{ samples: last.samples, visualTokensSeen: last.visualTokensSeen, visualTokensSaved: last.visualTokensSaved },
    ...{ flopsSavedPaper: last.flopsSavedPaper, flopsSavedExact: last.flopsSavedExact },
  };
  return runRecordSchema.parse({
    ...{ format: RUN_FORMAT, name, createdAt: now, updatedAt: now, state, workingFolder: '.' },
    ...{ versions: {}, plan, progress: { step: last?.step ?? 0, microBatch: 0 }, totals: totals ?? {} },
    sessions: [{ startedAt: now, fromStep: 0, ...(state === 'stopped' && { endedAt: now }) }],
  });
}

/**
 * Makes a stopped run of so many steps in a runs folder, without checkpoints.
 *
 * @returns its plan
 */
export async function writeLongRun(runs: string, name: string, steps: number, recipe: string): Promise<RunPlan> {
  const folder = join(runs, name);
  await mkdir(folder, { recursive: true });
  const plan = longRunPlan(steps);
  const last = await writeMetrics(join(folder, 'metrics.jsonl'), plan);
  await writeFile(join(folder, 'run.json'), JSON.stringify(longRunRecord(name, plan, 'stopped', last)));
  await writeFile(join(folder, 'recipe.yaml'), recipe);
  return plan;
}
