import { BatchLoader } from '../data/batch-loader.ts';
import type { HostBatch } from '../data/batch.ts';
import type { Collator } from '../data/collator.ts';
import type { BatchSampler } from '../data/sampler.ts';
import type { HostVision } from '../model/device-batch.ts';
import type { MicroBatch } from './train-step.ts';
import type { StepSource } from './trainer.ts';
import type { Position } from './training-loop.ts';

/** What the model gets to see of a batch's images: pixels, or features that a frozen tower has made of them before. */
export type VisionOf = (batch: HostBatch) => HostVision | Promise<HostVision>;

const samePlace = (a: Position, b: Position): boolean => a.epoch === b.epoch && a.batchIndex === b.batchIndex;

/** The optimizer steps of a dataset, in the sampler's order. While one is computed, the images of the next are decoded. */
export class DatasetSource implements StepSource {
  readonly stepsPerEpoch: number;
  private readonly open: (position: Position) => BatchLoader;
  private readonly accumulate: number;
  private readonly visionOf: VisionOf;
  private loader: { readonly at: Position; readonly batches: BatchLoader } | undefined;

  constructor(collator: Collator, sampler: BatchSampler, accumulate: number, visionOf: VisionOf) {
    this.stepsPerEpoch = sampler.batchesPerEpoch;
    this.accumulate = accumulate;
    this.visionOf = visionOf;
    this.open = (position) => new BatchLoader(collator, sampler, accumulate, { ...position, microBatch: 0 });
  }

  async read(position: Position): Promise<{ microBatches: MicroBatch[]; next: Position }> {
    // The loader reads ahead, so it is kept for as long as the steps are asked for in order.
    const batches = this.loader && samePlace(this.loader.at, position) ? this.loader.batches : this.open(position);
    const microBatches: MicroBatch[] = [];
    let next = position;
    while (microBatches.length < this.accumulate) {
      const loaded = await batches.next();
      microBatches.push(await this.microBatch(loaded.batch));
      next = { epoch: loaded.next.epoch, batchIndex: loaded.next.batchIndex };
    }
    this.loader = { at: next, batches };
    return { microBatches, next };
  }

  private async microBatch(batch: HostBatch): Promise<MicroBatch> {
    if (batch.images.length === 0) return { rows: batch.rows };
    return { rows: batch.rows, vision: await this.visionOf(batch) };
  }
}
