import type { BenchJob, TrainBenchResult } from '../../../shared/bench.ts';
import { parseCompression } from '../../../shared/compression.ts';
import { tf } from '../backend/tensorflow.ts';
import { Parameters } from '../model/parameters.ts';
import { AdamW } from '../train/optimizer.ts';
import { GradientStep, type MicroBatch } from '../train/train-step.ts';
import { median, peakMemoryMb, runsOn, smallest } from './statistics.ts';
import { syntheticConfig, syntheticRows, syntheticVisualTokens, syntheticWeights } from './synthetic.ts';

// PyTorch's defaults, as the script it is compared with uses them.
const ADAMW = { betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0 } as const;
const LEARNING_RATE = 1e-4;

/** What one step took, in milliseconds. */
interface StepTime {
  readonly total: number;
  readonly optimizer: number;
}

/**
 * Times whole training steps with the trainer's own parts: plan the batch, upload it, forward, backward, read the loss,
 * update every weight.
 */
export function benchTraining(job: BenchJob): TrainBenchResult {
  const { shape, compression, mode: execution, steps, warmup, precision, gradientCheckpointing } = job;
  const config = syntheticConfig(shape);
  const parameters = new Parameters(syntheticWeights(config), () => true);
  const optimizer = new AdamW(parameters, ADAMW);
  const gradientStep = new GradientStep(parameters, config, {
    execution,
    ...(precision && { precision }),
    ...(gradientCheckpointing && { gradientCheckpointing }),
  });
  const rows = syntheticRows(shape);
  const batch: MicroBatch = { rows, ...(shape.nvis > 0 ? { vision: syntheticVisualTokens(shape) } : {}) };
  const setting = parseCompression(compression);
  const supervised = shape.batch * (shape.text - 1);
  const losses: number[] = [];
  const times = Array.from({ length: warmup + steps }, (_, step): StepTime => {
    const started = performance.now();
    const { loss, gradients } = gradientStep.run(batch, setting, supervised);
    const computed = performance.now();
    optimizer.update(gradients, LEARNING_RATE, step);
    tf.dispose([...gradients.values()]);
    const ended = performance.now();
    losses.push(loss);
    return { total: ended - started, optimizer: ended - computed };
  }).slice(warmup);
  const totals = times.map(({ total }) => total);
  const found: TrainBenchResult = {
    kind: 'train',
    runsOn: runsOn(),
    parameters: parameters.trainedCount(),
    peakMb: peakMemoryMb(),
    msMin: smallest(totals),
    msMedian: median(totals),
    optimizerMs: smallest(times.map((time) => time.optimizer)),
    lossFirst: losses[0] ?? NaN,
    lossLast: losses.at(-1) ?? NaN,
  };
  gradientStep.dispose();
  optimizer.dispose();
  parameters.dispose();
  return found;
}
