import { tf, type Tensor } from '../backend/tensorflow.ts';
import { add } from '../backend/kernels.ts';
import type { Compression } from '../../../shared/compression.ts';
import type { ExecutionMode } from '../../../shared/execution-mode.ts';
import type { Precision } from '../../../shared/precision.ts';
import { withPrecision } from '../backend/precision.ts';
import { upload } from '../backend/upload.ts';
import type { EncodedRow } from '../data/batch.ts';
import { GraphCache, type Described, type GraphCounts } from '../backend/graph/graph-function.ts';
import { planBatch } from '../model/batch-plan.ts';
import type { LlavaConfig } from '../model/config.ts';
import { batchTensors, signatureOf, withDeviceBatch, type HostVision } from '../model/device-batch.ts';
import type { HostTensor } from '../model/host-tensor.ts';
import { checkpointedLayer, llavaLoss, trainingLayer, type DeviceBatch } from '../model/llava.ts';
import type { Parameters } from '../model/parameters.ts';
import { storedFloats, type WeightTensor } from '../model/weight-tensor.ts';
import type { Weights } from '../model/weights.ts';
import { lossAndGradients } from './gradients.ts';

/** Rows that go through the model at once, with their images. */
export interface MicroBatch {
  readonly rows: readonly EncodedRow[];
  /** Absent where no row has an image. */
  readonly vision?: HostVision;
}

/** How a step is computed; none of it changes what is computed. */
export interface StepOptions {
  /** By default graph. */
  readonly execution?: ExecutionMode;
  /** Of matrix products; by default float32. */
  readonly precision?: Precision;
  /** Compute the inside of decoder layers again in the backward pass. */
  readonly gradientCheckpointing?: boolean;
}

/**
 * Computes loss and gradients of micro-batches, each kind of batch (lengths, compression) as one recorded function.
 * Dispose it when done.
 */
export class GradientStep {
  private readonly parameters: Parameters;
  private readonly config: LlavaConfig;
  private readonly options: StepOptions;
  private readonly functions: GraphCache<readonly string[]>;

  constructor(parameters: Parameters, config: LlavaConfig, options: StepOptions = {}) {
    this.parameters = parameters;
    this.config = config;
    this.options = options;
    this.functions = new GraphCache(options.execution);
  }

  /**
   * Loss = Σ cross entropy / `normaliser`, and its gradients by name, which the caller disposes.
   *
   * @param normaliser by default the supervised tokens of the batch
   */
  run(
    { rows, vision }: MicroBatch,
    compression: Compression,
    normaliser?: number,
  ): { loss: number; gradients: Map<string, Tensor> } {
    const plan = planBatch(rows, compression, normaliser);
    const { tensors, description: names } = withDeviceBatch(plan, vision, (batch) =>
      this.parameters.withWeights((weights) => {
        const inputs = [...batchTensors(batch), ...weights.values()];
        return this.functions.run(signatureOf(batch), inputs, () => this.gradients(batch, weights));
      }),
    );
    const [loss, ...gradients] = tensors as [Tensor, ...Tensor[]];
    const value = loss.dataSync()[0] as number;
    loss.dispose();
    return { loss: value, gradients: new Map(names.map((name, i) => [name, gradients[i] as Tensor])) };
  }

  get counts(): GraphCounts {
    return this.functions.counts;
  }

  dispose(): void {
    this.functions.dispose();
  }

  private gradients(batch: DeviceBatch, weights: Weights): Described<readonly string[]> {
    const trained = this.parameters.trainedNames();
    const { precision = 'float32', gradientCheckpointing } = this.options;
    const runLayer = gradientCheckpointing ? checkpointedLayer : trainingLayer;
    const { loss, gradients } = withPrecision(precision, () =>
      lossAndGradients((w) => llavaLoss(batch, w, this.config, runLayer), weights, trained),
    );
    return { tensors: [loss, ...gradients.values()], description: [...gradients.keys()] };
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
  load(tensors: ReadonlyMap<string, WeightTensor>): void {
    this.clear();
    for (const [name, tensor] of tensors) this.sums.set(name, tf.keep(upload(storedFloats(tensor))));
  }

  clear(): void {
    tf.dispose([...this.sums.values()]);
    this.sums = new Map();
  }
}
