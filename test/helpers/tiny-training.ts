import type { InstructRecipe } from '../../src/shared/recipe.ts';
import type { TrainMetrics } from '../../src/shared/metrics.ts';
import { Trainer, type StepSource, type TrainerSetup } from '../../src/main/engine/train/trainer.ts';
import type { MicroBatch } from '../../src/main/engine/train/train-step.ts';
import type { TrainingEvent } from '../../src/main/engine/train/training-loop.ts';
import { rowOf, tinyPixels, tinyWeights, TINY } from './tiny-model.ts';

type Changes = { readonly [K in keyof InstructRecipe]?: Partial<InstructRecipe[K]> };

/** Stages of equal length, in stage notation for the tiny model's own depth. */
export const stagesOf = (...settings: string[]): InstructRecipe['stages'] =>
  settings.map((compression) => ({ compression, compressor: 'average-pool' }));

/** A recipe whose learning rate is constant and whose gradients are not clipped, unless changed. */
export function tinyRecipe({ train, optimizer, stages }: Changes = {}): InstructRecipe {
  return {
    name: 'tiny',
    description: '',
    seed: 1,
    phase: 'instruct',
    model: { from: 'tiny' },
    data: { train: 'train.jsonl', maxLength: 128, turns: 'multi', conversation: 'auto', frames: 8 },
    train: {
      parts: 'full',
      projector: 'trained',
      visionTower: 'frozen',
      cacheFeatures: false,
      precision: 'float32',
      gradientCheckpointing: false,
      ...train,
    },
    optimizer: {
      lr: 3e-3,
      warmupRatio: 0,
      schedule: 'constant',
      weightDecay: 0,
      betas: [0.9, 0.99],
      epsilon: 1e-8,
      maxGradNorm: 1e6,
      batchSize: 2,
      accumulate: 1,
      steps: 4,
      ...optimizer,
    },
    checkpoint: { every: 100, keep: 3 },
    stages: (stages as InstructRecipe['stages'] | undefined) ?? stagesOf('none'),
    stageDepth: TINY.text.layers,
  };
}

/** Rows, written as for `rowOf`, as one micro-batch with images of their own. */
export function microBatch(rows: readonly string[], seed = 1): MicroBatch {
  const encoded = rows.map((row) => rowOf(row));
  const images = encoded.reduce((total, row) => total + row.groups.length, 0);
  if (images === 0) return { rows: encoded };
  return { rows: encoded, vision: { pixels: tinyPixels(images, TINY, seed), imageSize: TINY.vision.imageSize } };
}

/** A source in memory: the micro-batches of every optimizer step of one pass. */
export function sourceOf(steps: readonly (readonly MicroBatch[])[]): StepSource {
  return {
    stepsPerEpoch: steps.length,
    read: ({ epoch, batchIndex }) => {
      const last = batchIndex + 1 === steps.length;
      return Promise.resolve({
        microBatches: steps[batchIndex] as readonly MicroBatch[],
        next: last ? { epoch: epoch + 1, batchIndex: 0 } : { epoch, batchIndex: batchIndex + 1 },
      });
    },
  };
}

/** A trainer of the tiny model. Dispose it when done. */
export function tinyTrainer(setup: Partial<TrainerSetup> & Pick<TrainerSetup, 'source' | 'totalSteps'>): Trainer {
  return new Trainer({ recipe: tinyRecipe(), config: TINY, weights: tinyWeights(), ...setup });
}

/** Runs a trainer to its end. */
export async function eventsOf(trainer: Trainer): Promise<TrainingEvent[]> {
  const events: TrainingEvent[] = [];
  for await (const event of trainer.run()) events.push(event);
  return events;
}

/** The metrics among some events. */
export const metricsOf = (events: readonly TrainingEvent[]): TrainMetrics[] =>
  events.flatMap((event) => (event.type === 'step' ? [event.metrics as TrainMetrics] : []));
