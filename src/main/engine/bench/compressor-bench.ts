import { InputError } from '../../../shared/errors.ts';
import {
  formatCompression,
  FULL,
  parseCompression,
  visualTokensPerLayer,
  type Compression,
} from '../../../shared/compression.ts';
import type {
  CompressorBenchJob,
  CompressorBenchResult,
  CompressorBenchRow,
} from '../../../shared/compressor-bench.ts';
import { forwardFlops, totalFlops } from '../../../shared/exact-flops.ts';
import { GraphCache } from '../backend/graph/graph-function.ts';
import type { Tensor } from '../backend/tensorflow.ts';
import { IGNORED_LABEL, type EncodedRow } from '../data/batch.ts';
import type { AnsweringModel } from '../generate/answering-functions.ts';
import { greedyTokens } from '../generate/sampling.ts';
import { Session } from '../generate/session.ts';
import { planBatch } from '../model/batch-plan.ts';
import { withCompressorWeights } from '../model/compressor-weights.ts';
import { visualTokensPerImage, type LlavaConfig } from '../model/config.ts';
import { withDeviceBatch, type HostVision } from '../model/device-batch.ts';
import { loadPlainModel } from '../model/lora-merge.ts';
import { modelShape } from '../model/model-shape.ts';
import { Parameters } from '../model/parameters.ts';
import { checkTower } from '../model/tower-view.ts';
import type { WeightTensor } from '../model/weight-tensor.ts';
import { median, runsOn } from './statistics.ts';
import { syntheticPixels, syntheticRows, syntheticVisionConfig, syntheticWeights } from './synthetic.ts';

/** Functions kept: a prefill of every setting. */
const LIMIT = 64;

interface Weighted {
  readonly config: LlavaConfig;
  readonly weights: ReadonlyMap<string, WeightTensor>;
}

function modelOf({ model, shape }: CompressorBenchJob): Weighted | Promise<Weighted> {
  if (model !== undefined) return loadPlainModel(model);
  const config = syntheticVisionConfig(shape);
  return { config, weights: syntheticWeights(config, () => true) };
}

/** Prompts of one image and random words that ask about it. */
function promptsOf({ shape }: CompressorBenchJob, config: LlavaConfig): EncodedRow[] {
  const rows = syntheticRows({ ...shape, nvis: visualTokensPerImage(config), vocab: config.text.vocabSize });
  return rows.map((row) => ({ ...row, labels: row.labels.map(() => IGNORED_LABEL) }));
}

interface Sorted {
  readonly fitting: readonly Compression[];
  readonly leftOut: CompressorBenchResult['leftOut'];
}

/** The settings that the model can have, and why it cannot have the others. */
function sorted({ settings }: CompressorBenchJob, config: LlavaConfig): Sorted {
  const fitting: Compression[] = [];
  const leftOut: CompressorBenchResult['leftOut'] = [];
  for (const setting of settings) {
    try {
      const compression = parseCompression(setting);
      checkTower(compression, config);
      visualTokensPerLayer([visualTokensPerImage(config)], config.text.layers, compression);
      fitting.push(compression);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      leftOut.push({ compression: setting, rule: error.problem.rule });
    }
  }
  return { fitting, leftOut };
}

/** A prefill from pixels to the first token of every row, in milliseconds. */
function prefillMs(
  rows: readonly EncodedRow[],
  vision: HostVision,
  setting: Compression,
  model: AnsweringModel,
): number {
  const started = performance.now();
  const session = withDeviceBatch(planBatch(rows, setting), vision, (batch) => new Session(batch, model));
  greedyTokens(session.promptLogits as Tensor);
  const taken = performance.now() - started;
  session.dispose();
  return taken;
}

/** Times of every setting in every round. Each round begins with another one, so that none always follows the same. */
function roundTimes(
  settings: readonly Compression[],
  rounds: number,
  time: (setting: Compression) => number,
): number[][] {
  const times = settings.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < settings.length; i++) {
      const turn = (i + round) % settings.length;
      times[turn]?.push(time(settings[turn] ?? FULL));
    }
  }
  return times;
}

function rowOf(
  compression: Compression,
  times: readonly number[],
  full: readonly number[],
  { shape }: CompressorBenchJob,
  config: LlavaConfig,
): CompressorBenchRow {
  const groupLengths = [visualTokensPerImage(config)];
  const flopsOf = (setting: Compression): number =>
    totalFlops(
      forwardFlops(modelShape(config), { groupLengths, textTokens: shape.text, headTokens: 1 }, setting, {
        attention: 'causal',
      }),
    );
  return {
    compression: formatCompression(compression),
    visualTokens: visualTokensPerLayer(groupLengths, config.text.layers, compression).at(-1) ?? 0,
    ms: median(times),
    timeRatio: median(times.map((ms, round) => ms / (full[round] ?? NaN))),
    flopsRatio: flopsOf(compression) / flopsOf(FULL),
  };
}

/**
 * Times the prefill of one model at many settings in turns, in one process, against full in the same turn.
 *
 * @throws InputError where the model is wrong
 */
export async function benchCompressors(job: CompressorBenchJob): Promise<CompressorBenchResult> {
  const { config, weights: host } = await modelOf(job);
  const { fitting, leftOut } = sorted(job, config);
  const settings = [FULL, ...fitting];
  const parameters = new Parameters(withCompressorWeights(host, config, settings), () => true);
  const functions = new GraphCache<null>(job.mode, { limit: LIMIT });
  const rows = promptsOf(job, config);
  const vision = syntheticPixels(rows.length, config.vision.imageSize);
  try {
    const times = parameters.withWeights((weights) => {
      const time = (setting: Compression): number => prefillMs(rows, vision, setting, { config, weights, functions });
      // What is recorded, and what the allocator takes, at a first call.
      roundTimes(settings, job.warmup, time);
      return roundTimes(settings, job.rounds, time);
    });
    const full = times[0] ?? [];
    return {
      kind: 'compressors',
      runsOn: runsOn(),
      parameters: parameters.trainedCount(),
      visualTokens: visualTokensPerImage(config),
      rows: settings.map((setting, i) => rowOf(setting, times[i] ?? [], full, job, config)),
      leftOut,
    };
  } finally {
    functions.dispose();
    parameters.dispose();
  }
}
