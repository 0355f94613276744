import { withDeviceArrays, type DeviceArrays, type HostArrays } from '../backend/host-arrays.ts';
import { accuracy as accuracyOf } from '../backend/kernels.ts';
import { add, linear } from '../backend/ops/linear.ts';
import { crossEntropy } from '../backend/ops/loss.ts';
import { gatherRows, segmentMean, type Segments } from '../backend/ops/rows.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import { visionLayersUsed, type LlavaConfig } from '../model/config.ts';
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

/** M answered questions: which image, which class, and a mask [M, C] of the classes they do not choose from. */
function targetArrays({ targets, classes }: VisionBatch): HostArrays {
  const flat = targets.flatMap((ofImage, image) => ofImage.map((target) => ({ ...target, image })));
  const mask = new Float32Array(flat.length * classes).fill(OTHER_QUESTION);
  flat.forEach(({ firstClass, classCount }, m) => {
    const start = m * classes + firstClass;
    mask.fill(0, start, start + classCount);
  });
  const count = flat.length;
  return {
    image: { shape: [count], data: Int32Array.from(flat, ({ image }) => image) },
    target: { shape: [count], data: Int32Array.from(flat, ({ target }) => target) },
    mask: { shape: [count, classes], data: mask },
    questionWeights: { shape: [count], data: new Float32Array(count).fill(1 / Math.max(count, 1)) },
  };
}

/** Logits of each question, those of other questions' classes masked: [M, C]. */
function headLogits(arrays: DeviceArrays, weights: Weights, config: LlavaConfig): Tensor {
  const { pixels, image, mask } = arrays as Record<string, Tensor> & { pixels: Tensor; image: Tensor; mask: Tensor };
  const features = visionFeatures(pixels, weights, config.vision, visionLayersUsed(config), 'default');
  const pooled = segmentMean(features, arrays as unknown as Segments); // [I, E]
  const all = linear(pooled, weights.get(HEADS_WEIGHT) as Tensor, weights.get(HEADS_BIAS) as Tensor); // [I, C]
  return add(gatherRows(all, image), mask);
}

/**
 * Mean cross entropy over all answered questions of a batch, the share answered right, and the gradients of tower and
 * heads, which the caller disposes.
 */
export function visionGradients(
  batch: VisionBatch,
  parameters: Parameters,
  config: LlavaConfig,
): { loss: number; accuracy: number; gradients: Map<string, Tensor> } {
  const { imageSize, patchSize } = config.vision;
  const images = batch.targets.length;
  const hostArrays: HostArrays = {
    ...poolingArrays(images, (imageSize / patchSize) ** 2),
    ...targetArrays(batch),
    pixels: { shape: [images, 3, imageSize, imageSize], data: batch.pixels },
  };
  return withDeviceArrays(hostArrays, (arrays) => {
    let right: Tensor | undefined;
    const lossOf = (weights: Weights): Tensor =>
      tf.tidy(() => {
        const logits = headLogits(arrays, weights, config);
        right = tf.keep(accuracyOf(logits, arrays['target'] as Tensor));
        return crossEntropy(logits, arrays['target'] as Tensor, arrays['questionWeights'] as Tensor);
      });
    const { loss, gradients } = parameters.withWeights((weights) =>
      lossAndGradients(lossOf, weights, parameters.trainedNames()),
    );
    const read = (scalar: Tensor | undefined): number => (scalar ? (scalar.dataSync()[0] as number) : 0);
    const result = { loss: read(loss), accuracy: read(right), gradients };
    tf.dispose([loss, ...(right ? [right] : [])]);
    return result;
  });
}
