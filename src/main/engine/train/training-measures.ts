/** What a probe asks of a prepared training besides its steps: how its batches are spread, what its caches do. */
import type { Compression } from '../../../shared/compression.ts';
import type { ProbedFeatures } from '../../../shared/probe.ts';
import type { InstructRecipe } from '../../../shared/recipe.ts';
import { sum } from '../../../shared/sum.ts';
import { stepCost, trainingMode } from '../../../shared/training-cost.ts';
import type { EncodedRow } from '../data/batch.ts';
import type { Collator } from '../data/collator.ts';
import type { BatchSampler } from '../data/sampler.ts';
import type { TrainingRows } from '../data/training-rows.ts';
import { planBatch } from '../model/batch-plan.ts';
import type { LlavaConfig } from '../model/config.ts';
import { planSignature } from '../model/device-batch.ts';
import type { FeatureCache } from '../model/feature-cache.ts';
import { modelShape } from '../model/model-shape.ts';
import { rowTokens } from './step-metrics.ts';

export interface MeasuresSetup {
  readonly recipe: InstructRecipe;
  readonly config: LlavaConfig;
  readonly rows: Pick<TrainingRows, 'encode'>;
  readonly sampler: BatchSampler;
  readonly collator: Pick<Collator, 'kept'>;
  readonly cache: FeatureCache | undefined;
  /** Counts the pictures of the data. */
  readonly images: () => number;
}

/** How the optimizer steps of an epoch are at one setting; a sample of them in long epochs. */
export interface StepSpread {
  /** Shares of micro-batches by shape. */
  readonly shapes: readonly number[];
  /** Means of a step. */
  readonly visualTokens: number;
  readonly flopsExact: number;
}

/** Steps that are looked at: enough to see every common shape, few enough to take no time. */
const LOOKED_AT = 200;

export class TrainingMeasures {
  private readonly setup: MeasuresSetup;
  private found: readonly (readonly EncodedRow[])[] | undefined;
  private counted: number | undefined;

  constructor(setup: MeasuresSetup) {
    this.setup = setup;
  }

  /** @throws InputError where the setting does not fit the model */
  spread(compression: Compression): StepSpread {
    const { recipe, config } = this.setup;
    const options = { cachedFeatures: recipe.train.cacheFeatures };
    const costs = this.steps().map((rows) =>
      stepCost(rows.map(rowTokens), compression, modelShape(config), trainingMode(recipe.train), options),
    );
    return {
      shapes: this.shapes(compression),
      visualTokens: sum(costs.map(({ visualTokens }) => visualTokens)) / costs.length,
      flopsExact: sum(costs.map(({ flopsExact }) => flopsExact)) / costs.length,
    };
  }

  /** Time in which features were made so far, in milliseconds. */
  get featuresMs(): number {
    return this.setup.cache?.made.ms ?? 0;
  }

  /** What making the features takes; undefined where none are kept. */
  features(): ProbedFeatures | undefined {
    const { cache } = this.setup;
    if (!cache) return undefined;
    const { made, room } = cache;
    const perStep = sum(this.steps().map((rows) => sum(rows.map(({ groups }) => groups.length)))) / this.steps().length;
    const msPerImage = made.images === 0 ? 0 : made.ms / made.images;
    return { kept: room.kept, groups: room.groups, images: this.images, perStep, msPerImage };
  }

  /** Bytes that kept pictures and features will take on top of what they take now. */
  growthBytes(): number {
    const { cache, collator } = this.setup;
    const room = cache?.room;
    const features = room ? (room.kept - room.there) * room.imageBytes : 0;
    const { bytes, images: pictures, limit } = collator.kept;
    const all = pictures === 0 ? 0 : Math.min(limit, (this.images * bytes) / pictures);
    return Math.round(features + Math.max(0, all - bytes));
  }

  private get images(): number {
    return (this.counted ??= this.setup.images());
  }

  private shapes(compression: Compression): number[] {
    const counts = new Map<string, number>();
    for (const rows of this.steps()) {
      const size = rows.length / this.setup.recipe.optimizer.accumulate;
      for (let at = 0; at < rows.length; at += size) {
        const signature = planSignature(planBatch(rows.slice(at, at + size), compression));
        counts.set(signature, (counts.get(signature) ?? 0) + 1);
      }
    }
    const all = sum([...counts.values()]);
    return [...counts.values()].map((times) => times / all);
  }

  /** Rows of steps that are spread evenly over the first epoch. */
  private steps(): readonly (readonly EncodedRow[])[] {
    return (this.found ??= this.lookAt());
  }

  private lookAt(): readonly (readonly EncodedRow[])[] {
    const { sampler, rows } = this.setup;
    const count = Math.min(LOOKED_AT, sampler.batchesPerEpoch);
    return Array.from({ length: count }, (_, i) => {
      const batchIndex = Math.floor((i * sampler.batchesPerEpoch) / count);
      return Array.from(sampler.batchAt({ epoch: 0, batchIndex }), (index) => rows.encode(index).row);
    });
  }
}
