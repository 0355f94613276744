import type { BenchJob, GenerateBenchResult } from '../../../shared/bench.ts';
import { parseCompression } from '../../../shared/compression.ts';
import type { Tensor } from '../backend/tensorflow.ts';
import { greedyTokens } from '../generate/sampling.ts';
import { answeringFunctions, type AnsweringModel } from '../generate/answering-functions.ts';
import { Session } from '../generate/session.ts';
import { planBatch, type BatchPlan } from '../model/batch-plan.ts';
import { withDeviceBatch, type HostVision } from '../model/device-batch.ts';
import { Parameters } from '../model/parameters.ts';
import { median, peakMemoryMb, runsOn, smallest } from './statistics.ts';
import { syntheticConfig, syntheticRows, syntheticVisualTokens, syntheticWeights } from './synthetic.ts';

interface Answered {
  readonly prefillMs: number;
  readonly tokensPerSecond: number;
  readonly cacheLengths: number[];
}

/** Prefill and greedy decoding of `newTokens` tokens in every row; every token is read. */
function answer(plan: BatchPlan, vision: HostVision | undefined, model: AnsweringModel, newTokens: number): Answered {
  const started = performance.now();
  const session = withDeviceBatch(plan, vision, (batch) => new Session(batch, model));
  let tokens = greedyTokens(session.promptLogits as Tensor);
  const prefilled = performance.now();
  for (let i = 1; i < newTokens; i++) {
    const logits = session.extend(tokens);
    tokens = greedyTokens(logits);
    logits.dispose();
  }
  const seconds = (performance.now() - prefilled) / 1e3;
  const found = {
    prefillMs: prefilled - started,
    tokensPerSecond: newTokens > 1 ? ((newTokens - 1) * session.rows) / seconds : 0,
    cacheLengths: session.cacheLengths(0),
  };
  session.dispose();
  return found;
}

/** Times answering with the key-value cache. */
export function benchGeneration({ shape, compression, mode, steps, warmup, newTokens }: BenchJob): GenerateBenchResult {
  const config = syntheticConfig(shape);
  const parameters = new Parameters(syntheticWeights(config), () => true);
  const plan = planBatch(syntheticRows(shape), parseCompression(compression));
  const vision = shape.nvis > 0 ? syntheticVisualTokens(shape) : undefined;
  const functions = answeringFunctions(mode);
  const runs = parameters.withWeights((weights) =>
    Array.from({ length: warmup + steps }, () => answer(plan, vision, { config, weights, functions }, newTokens)).slice(
      warmup,
    ),
  );
  const found: GenerateBenchResult = {
    kind: 'generate',
    runsOn: runsOn(),
    parameters: parameters.trainedCount(),
    peakMb: peakMemoryMb(),
    prefillMsMin: smallest(runs.map(({ prefillMs }) => prefillMs)),
    prefillMsMedian: median(runs.map(({ prefillMs }) => prefillMs)),
    decodeTokensPerSecondMax: Math.max(...runs.map(({ tokensPerSecond }) => tokensPerSecond)),
    decodeTokensPerSecondMedian: median(runs.map(({ tokensPerSecond }) => tokensPerSecond)),
    cacheLengths: runs[0]?.cacheLengths ?? [],
  };
  functions.dispose();
  parameters.dispose();
  return found;
}
