import type { TrainMetrics, VisionMetrics } from '../../../shared/metrics.ts';
import type { HostTensor } from '../model/host-tensor.ts';
import type { LoopState } from './loop-state.ts';

export type Position = LoopState['position'];

/** What a training loop reports: after every micro-batch but the last of a step, and after every optimizer step. */
export type TrainingEvent =
  | { readonly type: 'micro'; readonly step: number; readonly microBatch: number; readonly of: number }
  | { readonly type: 'step'; readonly metrics: TrainMetrics | VisionMetrics };

/** Everything that resuming needs, in host memory. */
export interface Snapshot {
  readonly weights: Map<string, HostTensor>;
  /** `m/<name>`, `v/<name>`; between micro-batches also `gradient/<name>`. */
  readonly optimizer: Map<string, HostTensor>;
  readonly state: LoopState;
}

/** A training run on the device, of either phase. Dispose it when done. */
export interface TrainingLoop {
  /** Optimizer steps of the whole run. */
  readonly totalSteps: number;
  /** Optimizer steps done. */
  readonly step: number;
  /** Trains to the last step. A reader may take a snapshot, or leave, at any event. */
  run(): AsyncGenerator<TrainingEvent>;
  snapshot(): Snapshot;
  dispose(): void;
}
