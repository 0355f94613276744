import type { ExecutionMode } from '../../../shared/execution-mode.ts';
import { withDeviceArrays, type DeviceArrays, type HostArrays } from '../backend/host-arrays.ts';
import { GraphCache, type Described, type GraphCounts } from '../backend/graph/graph-function.ts';
import { weightedAccuracy } from '../backend/kernels.ts';
import { add, linear } from '../backend/ops/linear.ts';
import { crossEntropy } from '../backend/ops/loss.ts';
import { gatherRows, segmentMean, type Segments } from '../backend/ops/rows.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import { roundUp } from '../compressor/sequence-layout.ts';
import { patchesPerImage, visionLayersUsed, type LlavaConfig } from '../model/config.ts';
import type { Parameters } from '../model/parameters.ts';
import { visionFeatures } from '../model/vision-encoder.ts';
import type { Weights } from '../model/weights.ts';
import { lossAndGradients } from './gradients.ts';
import type { HeadTarget } from './question-heads.ts';

/** Names of the heads' weight [C, E] and bias [C] among the parameters. */
export const HEADS_WEIGHT = 'question_heads.weight';
export const HEADS_BIAS = 'question_heads.bias';

/** Added to the logits of other questions' classes; their probability is 0 in float32. */
const OTHER_QUESTION = -1e9;

/** Images with their answered questions. */
export interface VisionBatch {
  /** [I, 3, S, S] */
  readonly pixels: Float32Array;
  /** Targets of each image. */
  readonly targets: readonly (readonly HeadTarget[])[];
  /** Classes of all heads, C. */
  readonly classes: number;
}

/** Index arrays that make each image's features the mean of its N patches. */
function poolingArrays(images: number, patches: number): HostArrays {
  const rows = images * patches;
  const segments = Int32Array.from({ length: rows }, (_, row) => Math.floor(row / patches));
  return {
    segments: { shape: [rows], data: segments },
    source: { shape: [rows], data: segments },
    kept: { shape: [rows, 1], data: new Float32Array(rows).fill(1) },
    weight: { shape: [images, 1], data: new Float32Array(images).fill(1 / patches) },
  };
}

/** The number of questions of a batch is padded to a multiple of this, so that few functions are recorded. */
const QUESTION_BUCKET = 128;

/** M answered questions: which image, which class, and a mask [M, C] of the classes they do not choose from. */
function targetArrays({ targets, classes }: VisionBatch): HostArrays {
  const flat = targets.flatMap((ofImage, image) => ofImage.map((target) => ({ ...target, image })));
  const size = roundUp(Math.max(flat.length, 1), QUESTION_BUCKET);
  const mask = new Float32Array(size * classes).fill(OTHER_QUESTION);
  flat.forEach(({ firstClass, classCount }, m) => {
    const start = m * classes + firstClass;
    mask.fill(0, start, start + classCount);
  });
  const pick = (value: (target: (typeof flat)[number]) => number): Int32Array => {
    const data = new Int32Array(size);
    flat.forEach((target, m) => (data[m] = value(target)));
    return data;
  };
  return {
    image: { shape: [size], data: pick(({ image }) => image) },
    target: { shape: [size], data: pick(({ target }) => target) },
    mask: { shape: [size, classes], data: mask },
    questionWeights: { shape: [size], data: new Float32Array(size).fill(1 / flat.length, 0, flat.length) },
  };
}

/** Logits of each question, those of other questions' classes masked: [M, C]. */
function headLogits(arrays: DeviceArrays, weights: Weights, config: LlavaConfig): Tensor {
  const { pixels, image, mask } = arrays as Record<string, Tensor> & { pixels: Tensor; image: Tensor; mask: Tensor };
  const patchesOnly = config.vision.family === 'clip' ? 'default' : 'full';
  const features = visionFeatures(pixels, weights, config.vision, visionLayersUsed(config), patchesOnly);
  const pooled = segmentMean(features, arrays as unknown as Segments); // [I, E]
  const all = linear(pooled, weights.get(HEADS_WEIGHT) as Tensor, weights.get(HEADS_BIAS)); // [I, C]
  return add(gatherRows(all, image), mask);
}

/** What a step of the vision phase gives; the caller disposes the gradients. */
export interface VisionGradients {
  /** Mean cross entropy over all answered questions of the batch. */
  readonly loss: number;
  /** Share of them answered right. */
  readonly accuracy: number;
  readonly gradients: Map<string, Tensor>;
}

/** Loss and gradients of tower and heads, as recorded functions. Dispose it when done. */
export class VisionStep {
  private readonly parameters: Parameters;
  private readonly config: LlavaConfig;
  private readonly functions: GraphCache<readonly string[]>;

  /** @param parameters the tower's and the heads' */
  constructor(parameters: Parameters, config: LlavaConfig, mode: ExecutionMode = 'graph') {
    this.parameters = parameters;
    this.config = config;
    this.functions = new GraphCache(mode);
  }

  run(batch: VisionBatch): VisionGradients {
    const { imageSize } = this.config.vision;
    const images = batch.targets.length;
    const hostArrays: HostArrays = {
      ...poolingArrays(images, patchesPerImage(this.config.vision)),
      ...targetArrays(batch),
      pixels: { shape: [images, 3, imageSize, imageSize], data: batch.pixels },
    };
    const { tensors, description: names } = withDeviceArrays(hostArrays, (arrays) =>
      this.parameters.withWeights((weights) => {
        const signature = JSON.stringify(Object.values(arrays).map(({ shape }) => shape));
        const inputs = [...Object.values(arrays), ...weights.values()];
        return this.functions.run(signature, inputs, () => this.gradients(arrays, weights));
      }),
    );
    const [loss, right, ...gradients] = tensors as [Tensor, Tensor, ...Tensor[]];
    // A sum of float32 weights may come out a bit above 1.
    const accuracy = Math.min(1, right.dataSync()[0] as number);
    const result = { loss: loss.dataSync()[0] as number, accuracy };
    tf.dispose([loss, right]);
    return { ...result, gradients: new Map(names.map((name, i) => [name, gradients[i] as Tensor])) };
  }

  get counts(): GraphCounts {
    return this.functions.counts;
  }

  dispose(): void {
    this.functions.dispose();
  }

  private gradients(arrays: DeviceArrays, weights: Weights): Described<readonly string[]> {
    const { target, questionWeights } = arrays as Record<'target' | 'questionWeights', Tensor>;
    let right: Tensor | undefined;
    const lossOf = (w: Weights): Tensor =>
      tf.tidy(() => {
        const logits = headLogits(arrays, w, this.config);
        right = tf.keep(weightedAccuracy(logits, target, questionWeights));
        return crossEntropy(logits, target, questionWeights);
      });
    const { loss, gradients } = lossAndGradients(lossOf, weights, this.parameters.trainedNames());
    return { tensors: [loss, right as unknown as Tensor, ...gradients.values()], description: [...gradients.keys()] };
  }
}
