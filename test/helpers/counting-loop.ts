import type { TrainMetrics } from '../../src/shared/metrics.ts';
import type { RunPosition } from '../../src/main/engine/train/checkpoint-format.ts';
import type { Snapshot, TrainingEvent, TrainingLoop } from '../../src/main/engine/train/training-loop.ts';
import { tinyCheckpoint } from './tiny-checkpoint.ts';

function metricsAt(step: number): TrainMetrics {
  return {
    ...{ step, epoch: step, samples: step, loss: 1 / step, lr: 1, gradNorm: 1, stepMs: 1, memoryBytes: 1, tensors: 1 },
    ...{ time: new Date(0).toISOString(), stage: 0, compression: 'none', visualTokens: 1, visualTokensPerLayer: [1] },
    ...{ compressionRatio: 100, visualTokensSeen: step, visualTokensSaved: 0, flopsPaper: 1, flopsExact: 1 },
    ...{ flopsSavedPaper: 0, flopsSavedExact: 0, supervisedTokens: 1, tokensPerSecond: 1 },
  };
}

/** A training loop that only counts: two micro-batches a step. Its snapshots say where it stands. */
export class CountingLoop implements TrainingLoop {
  readonly totalSteps: number;
  private position: RunPosition = { step: 0, microBatch: 0 };
  private readonly failure: { readonly atStep: number; readonly error: Error } | undefined;

  /** @param failure an error that is thrown instead of finishing a step */
  constructor(totalSteps: number, failure?: { readonly atStep: number; readonly error: Error }) {
    this.totalSteps = totalSteps;
    this.failure = failure;
  }

  get step(): number {
    return this.position.step;
  }

  async *run(): AsyncGenerator<TrainingEvent> {
    while (this.step < this.totalSteps) {
      const { step } = this;
      this.position = { step, microBatch: 1 };
      yield { type: 'micro', step, microBatch: 1, of: 2 };
      if (this.failure?.atStep === step) throw this.failure.error;
      this.position = { step: step + 1, microBatch: 0 };
      yield { type: 'step', metrics: metricsAt(step + 1) };
    }
  }

  snapshot(): Snapshot {
    return tinyCheckpoint(this.position.step, this.position.microBatch);
  }

  dispose(): void {
    this.position = { step: this.totalSteps, microBatch: 0 };
  }
}
