import { tf, type Tensor } from '../backend/tensorflow.ts';
import { add } from '../backend/kernels.ts';
import type { Compression } from '../../../shared/compression.ts';
import type { EncodedRow } from '../data/batch.ts';
import { planBatch } from '../model/batch-plan.ts';
import type { LlavaConfig } from '../model/config.ts';
import { withDeviceBatch, type HostVision } from '../model/device-batch.ts';
import type { HostTensor } from '../model/host-tensor.ts';
import { llavaLoss } from '../model/llava.ts';
import type { Parameters } from '../model/parameters.ts';
import { lossAndGradients } from './gradients.ts';

/** Rows that go through the model at once, with their images. */
export interface MicroBatch {
  readonly rows: readonly EncodedRow[];
  /** Absent where no row has an image. */
  readonly vision?: HostVision;
}

/** Loss and gradient of one micro-batch: Σ cross entropy / `normaliser`. Gradients by name; the caller disposes them. */
export function microBatchGradients(
  { rows, vision }: MicroBatch,
  compression: Compression,
  normaliser: number,
  parameters: Parameters,
  config: LlavaConfig,
): { loss: number; gradients: Map<string, Tensor> } {
  const plan = planBatch(rows, compression, normaliser);
  const { loss, gradients } = withDeviceBatch(plan, vision, (batch) =>
    parameters.withWeights((weights) =>
      lossAndGradients((w) => llavaLoss(batch, w, config), weights, parameters.trainedNames()),
    ),
  );
  try {
    return { loss: loss.dataSync()[0] as number, gradients };
  } finally {
    loss.dispose();
  }
}

/** The gradient of an optimizer step while its micro-batches come in. Owns its tensors. */
export class AccumulatedGradient {
  private sums = new Map<string, Tensor>();

  /** Adds one micro-batch's gradients and takes them over. */
  add(gradients: ReadonlyMap<string, Tensor>): void {
    for (const [name, gradient] of gradients) {
      const before = this.sums.get(name);
      this.sums.set(name, before ? add(before, gradient) : gradient);
      if (before) tf.dispose([before, gradient]);
    }
  }

  /** The sums; they stay this object's. Clipping may replace them in the map. */
  get tensors(): Map<string, Tensor> {
    return this.sums;
  }

  /** Copies in host memory, by name. */
  toHost(): Map<string, HostTensor> {
    return new Map(
      [...this.sums].map(([name, sum]) => [name, { shape: sum.shape, data: sum.dataSync().slice() as Float32Array }]),
    );
  }

  /** Replaces the sums. */
  fromHost(tensors: ReadonlyMap<string, HostTensor>): void {
    this.clear();
    for (const [name, { shape, data }] of tensors) this.sums.set(name, tf.tensor(data, shape as number[], 'float32'));
  }

  clear(): void {
    tf.dispose([...this.sums.values()]);
    this.sums = new Map();
  }
}
