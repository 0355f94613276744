import { parseCompression, type Compression } from '../../../shared/compression.ts';
import type { ExecutionMode } from '../../../shared/execution-mode.ts';
import { GraphCache } from '../backend/graph/graph-function.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import type { EncodedRow } from '../data/batch.ts';
import type { AnsweringFunctions } from '../generate/answering-functions.ts';
import { planBatch } from '../model/batch-plan.ts';
import { visionLayersUsed, type LlavaConfig } from '../model/config.ts';
import { withDeviceBatch } from '../model/device-batch.ts';
import {
  decode,
  headLogits,
  llavaLoss,
  mergedEmbeddings,
  trainingLayer,
  type DeviceBatch,
  type RunLayer,
} from '../model/llava.ts';
import { loadModelFolder, type Model } from '../model/model-folder.ts';
import { Parameters } from '../model/parameters.ts';
import { project } from '../model/projector.ts';
import { visionFeatures } from '../model/vision-encoder.ts';
import { toHostTensors, type WeightTensor } from '../model/weight-tensor.ts';
import type { Weights } from '../model/weights.ts';
import type { SequenceLayout } from '../compressor/sequence-layout.ts';
import { sizeOf, type HostTensor } from '../model/host-tensor.ts';
import { GradientStep } from '../train/train-step.ts';
import type { CaseFolder } from './case-folder.ts';
import type { ReferenceRows } from './reference-rows.ts';

/** Everything a forward pass gives that a reference may hold, in host memory. */
export interface ForwardRun {
  /** Where the rows are after the last compression point. */
  readonly layout: SequenceLayout;
  /** Position ids of each row behind the last compression point, without padding. */
  readonly positions: readonly Int32Array[];
  /** Where the rows are when they enter the decoder. */
  readonly entry: SequenceLayout;
  /** [B·T, D] in the entry layout. */
  readonly embeddings: Float32Array;
  /** [B·T′, D]: the residual stream as the layer behind the last compression point takes it. */
  readonly hidden: Float32Array;
  /** [B·T′, V] */
  readonly logits: Float32Array;
  readonly loss: number;
}

function positionsOf(flat: ArrayLike<number>, { rows, paddedLength }: SequenceLayout): Int32Array[] {
  return rows.map(({ length }, b) => Int32Array.from({ length }, (_, t) => flat[b * paddedLength + t] as number));
}

const hostValues = (tensor: Tensor): Float32Array => (tensor.dataSync() as Float32Array).slice();

/** The model of a reference case with the case's pixels. `dispose` it when done. */
export class ReferenceModel {
  readonly config: LlavaConfig;
  readonly initial: ReadonlyMap<string, HostTensor>;
  readonly parameters: Parameters;
  readonly execution: ExecutionMode;
  /** Recorded from the first call on: what is verified is what runs. */
  readonly functions: AnsweringFunctions;
  private readonly gradientStep: GradientStep;
  private readonly pixels: HostTensor;

  private constructor({ config, weights }: Model, pixels: HostTensor, execution: ExecutionMode) {
    this.config = config;
    this.initial = toHostTensors(weights);
    this.execution = execution;
    this.functions = new GraphCache(execution);
    this.parameters = new Parameters(weights, () => true);
    this.gradientStep = new GradientStep(this.parameters, config, { execution });
    this.pixels = pixels;
  }

  static async load(folder: CaseFolder, execution: ExecutionMode = 'graph'): Promise<ReferenceModel> {
    const model = await loadModelFolder(folder.path('model'));
    return new ReferenceModel(model, await folder.floats('inputs.safetensors', 'pixel_values'), execution);
  }

  /** The same case with other weights; to be disposed for itself. */
  withWeights(weights: ReadonlyMap<string, WeightTensor>): ReferenceModel {
    return new ReferenceModel({ config: this.config, weights }, this.pixels, this.execution);
  }

  dispose(): void {
    this.functions.dispose();
    this.gradientStep.dispose();
    this.parameters.dispose();
  }

  /** Pixels of some of the case's images: [I, 3, S, S]. */
  pixelsOf(images: readonly number[]): Float32Array {
    const size = this.pixels.data.length / (this.pixels.shape[0] as number);
    const values = new Float32Array(images.length * size);
    images.forEach((image, i) => values.set(this.pixels.data.subarray(image * size, (image + 1) * size), i * size));
    return values;
  }

  /** Vision features and projector output of all images of the case: [I·N, E] and [I·N, D]. */
  encodeImages(): { features: Float32Array; projected: Float32Array } {
    const { config } = this;
    return this.parameters.withWeights((weights) =>
      tf.tidy(() => {
        const pixels = tf.tensor(this.pixels.data, this.pixels.shape as number[]);
        const features = visionFeatures(pixels, weights, config.vision, visionLayersUsed(config), config.featureSelect);
        return { features: hostValues(features), projected: hostValues(project(features, weights, config)) };
      }),
    );
  }

  /** Runs rows forward and keeps everything. */
  forward(rows: ReferenceRows, compression: Compression): ForwardRun {
    return this.onDevice(rows, compression, (batch, weights) => {
      const { segments } = batch.plan;
      const last = segments.at(-1) as (typeof segments)[number];
      const embeddings = mergedEmbeddings(batch, weights, this.config);
      const kept: { embeddings: Float32Array; hidden: Float32Array } = {
        embeddings: hostValues(embeddings),
        hidden: new Float32Array(),
      };
      let positions = (batch.arrays['positions'] as Tensor).dataSync();
      const keepHidden: RunLayer = (x, layer, ...rest) => {
        if (layer === last.fromLayer) kept.hidden = hostValues(x);
        return trainingLayer(x, layer, ...rest);
      };
      const states = decode(embeddings, batch, weights, this.config, keepHidden, (_, compressed) => {
        positions = compressed.positions.dataSync();
      });
      const everyRow = tf.range(0, states.shape[0], 1, 'int32');
      return {
        ...kept,
        layout: last.layout,
        positions: positionsOf(positions, last.layout),
        entry: (segments[0] as typeof last).layout,
        logits: hostValues(headLogits(states, everyRow, weights, this.config)),
        loss: hostValues(llavaLoss(batch, weights, this.config))[0] as number,
      };
    });
  }

  /** Gradients of the mean loss with respect to every weight, zeros where the loss does not depend on it. */
  gradients(rows: ReferenceRows, compression: Compression): Map<string, Float32Array> {
    const vision = { pixels: this.pixelsOf(rows.images), imageSize: this.config.vision.imageSize };
    const { gradients } = this.gradientStep.run({ rows: rows.rows, vision }, compression);
    const values = (name: string): Float32Array => {
      const gradient = gradients.get(name);
      return gradient ? hostValues(gradient) : new Float32Array(sizeOf(this.parameters.variable(name).shape));
    };
    const found = new Map(this.parameters.trainedNames().map((name) => [name, values(name)]));
    tf.dispose([...gradients.values()]);
    return found;
  }

  /** Length of the longest row once it is compressed. */
  compressedLength(rows: readonly EncodedRow[], notation: string): number {
    const { segments } = planBatch(rows, parseCompression(notation));
    return Math.max(...(segments.at(-1)?.layout.rows ?? []).map(({ length }) => length));
  }

  /** Runs `use` on a batch, then frees what it made. */
  onDevice<T>(rows: ReferenceRows, compression: Compression, use: (batch: DeviceBatch, weights: Weights) => T): T {
    const plan = planBatch(rows.rows, compression);
    const pixels = this.pixelsOf(rows.images);
    const vision = { pixels, imageSize: this.config.vision.imageSize };
    return this.parameters.withWeights((weights) =>
      withDeviceBatch(plan, vision, (batch) => {
        let result: T | undefined;
        tf.tidy(() => {
          result = use(batch, weights);
        });
        return result as T;
      }),
    );
  }
}
