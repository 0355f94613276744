/**
 * From what there is of a batch's images to the visual tokens that the decoder takes:
 *
 *     pixels → vision encoder → (compressed) → projector → (compressed) → merge
 */
import { COMPRESSOR_FACTS } from '../../../shared/compressors.ts';
import { rangeVector } from '../backend/kernels.ts';
import type { Tensor } from '../backend/tensorflow.ts';
import { arraysUnder, compress, type ObservePoint, type Stream } from './compression-point.ts';
import { visionLayersUsed, type LlavaConfig } from './config.ts';
import type { DeviceBatch } from './llava.ts';
import { project } from './projector.ts';
import { next, visionFeatures } from './vision-encoder.ts';
import type { Weights } from './weights.ts';

/** Images on the device: pixels [I, 3, S, S], the vision tower's features [I·N, E], or the projector's output [I·N, D]. */
export type DeviceVision = { readonly pixels: Tensor } | { readonly features: Tensor } | { readonly tokens: Tensor };

/** @throws Error where the projector has already run */
function towerFeatures(vision: DeviceVision, weights: Weights, config: LlavaConfig): Tensor {
  if ('tokens' in vision) throw new Error('what the projector has made cannot be compressed before it');
  if ('features' in vision) return vision.features;
  return visionFeatures(vision.pixels, weights, config.vision, visionLayersUsed(config), config.featureSelect);
}

function projectedTokens(vision: DeviceVision, weights: Weights, config: LlavaConfig): Tensor {
  if ('tokens' in vision) return vision.tokens;
  if ('features' in vision) return project(vision.features, weights, config);
  return next(towerFeatures(vision, weights, config), (x) => project(x, weights, config));
}

/** What a point before the decoder works on, or what the decoder takes where there is none. */
function entering(
  { vision, plan }: DeviceBatch,
  weights: Weights,
  config: LlavaConfig,
  isEarly: boolean,
): Stream | null {
  const states = vision && (isEarly ? towerFeatures : projectedTokens)(vision, weights, config);
  const given = states?.shape[0] ?? 0;
  if (given !== plan.visualTokens) {
    throw new Error(`the rows hold ${plan.visualTokens} visual tokens and the images give ${given}`);
  }
  return states ? { states, positions: rangeVector(given), isBorrowed: !('pixels' in vision) } : null;
}

/**
 * Visual tokens as the decoder takes them: [ΣL, D], compressed where the setting says before the decoder. A compressor
 * that works on the tower's features comes before the projector, which then runs on what is left.
 *
 * @throws Error where the images are not those of the rows: the tokens of one would end up in the place of another
 */
export function visualTokens(
  batch: DeviceBatch,
  weights: Weights,
  config: LlavaConfig,
  observe?: ObservePoint,
): Tensor | null {
  const { beforeDecoder: planned } = batch.plan;
  const isEarly = planned !== undefined && COMPRESSOR_FACTS[planned.point.compressor].beforeProjector === true;
  const stream = entering(batch, weights, config, isEarly);
  if (!stream || !planned) return stream && stream.states;
  const compressed = compress(stream, planned, arraysUnder(batch.arrays, 'beforeDecoder'), weights);
  observe?.(planned, compressed);
  return isEarly ? next(compressed.states, (x) => project(x, weights, config)) : compressed.states;
}
