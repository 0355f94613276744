import { InputError } from '../../../shared/errors.ts';
import type { HostBatch } from './batch.ts';
import type { Collator } from './collator.ts';
import type { BatchSampler, SamplerPosition } from './sampler.ts';

/** A place in the sequence of micro-batches. Plain JSON, so a checkpoint holds it. */
export interface LoaderPosition extends SamplerPosition {
  /** Micro-batch within the optimizer step, from 0. */
  readonly microBatch: number;
}

export const FIRST_POSITION: LoaderPosition = { epoch: 0, batchIndex: 0, microBatch: 0 };

export interface LoadedBatch {
  readonly batch: HostBatch;
  /** Where this micro-batch lies. */
  readonly at: LoaderPosition;
  /** Where to go on after it: what a checkpoint taken behind it holds. */
  readonly next: LoaderPosition;
}

/**
 * Micro-batches in training order. While the caller computes on one, the pictures of the next are decoded in other
 * threads. Each batch of the sampler is cut into `accumulate` equal parts, so an optimizer step sees the same rows
 * whatever the number of parts.
 */
export class BatchLoader {
  private readonly collator: Collator;
  private readonly sampler: BatchSampler;
  private readonly accumulate: number;
  private position: LoaderPosition;
  private prefetched: Promise<HostBatch> | undefined;

  /** @throws InputError where `accumulate` does not divide the batch size. */
  constructor(collator: Collator, sampler: BatchSampler, accumulate = 1, position: LoaderPosition = FIRST_POSITION) {
    const { batchSize } = sampler;
    if (!Number.isInteger(accumulate) || accumulate < 1 || batchSize % accumulate !== 0) {
      throw new InputError({ field: 'accumulate', value: accumulate, rule: `must divide batchSize (${batchSize})` });
    }
    this.collator = collator;
    this.sampler = sampler;
    this.accumulate = accumulate;
    this.position = position;
  }

  /** The next micro-batch. Not to be called again before it has come. @throws InputError; the position then stays. */
  async next(): Promise<LoadedBatch> {
    const at = this.position;
    const pending = this.prefetched ?? this.load(at);
    this.prefetched = undefined;
    const batch = await pending;
    const next = this.after(at);
    this.position = next;
    this.prefetched = this.load(next);
    // A failure belongs to the call that asks for this batch, if one ever does.
    this.prefetched.catch(() => undefined);
    return { batch, at, next };
  }

  private after(at: LoaderPosition): LoaderPosition {
    if (at.microBatch + 1 < this.accumulate) return { ...at, microBatch: at.microBatch + 1 };
    return { ...this.sampler.after(at), microBatch: 0 };
  }

  private async load(at: LoaderPosition): Promise<HostBatch> {
    const rows = this.sampler.batchAt(at);
    const size = rows.length / this.accumulate;
    return this.collator.collate(rows.subarray(at.microBatch * size, (at.microBatch + 1) * size));
  }
}
