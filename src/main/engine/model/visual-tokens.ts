/**
 * From what there is of a batch's images to the visual tokens that the decoder takes:
 *
 *     pixels → vision encoder → (compressed) → projector → (compressed) → merge
 */
import { COMPRESSOR_FACTS } from '../../../shared/compressors.ts';
import { rangeVector } from '../backend/kernels.ts';
import type { Tensor } from '../backend/tensorflow.ts';
import type { PlannedPoint, TowerView } from '../compressor/compressor.ts';
import type { BatchPlan } from './batch-plan.ts';
import { arraysUnder, compress, type ObservePoint, type Stream } from './compression-point.ts';
import type { LlavaConfig } from './config.ts';
import type { DeviceBatch } from './llava.ts';
import { project } from './projector.ts';
import { checkTower, readsTower, towerOutput, type TowerOutput } from './tower-view.ts';
import { next } from './vision-encoder.ts';
import type { Weights } from './weights.ts';

/**
 * Images on the device: pixels [I, 3, S, S], the vision tower's features [I·N, E] with its view of them where the setting
 * asks for it, or the projector's output [I·N, D].
 */
export type DeviceVision = { readonly pixels: Tensor } | TowerOutput | { readonly tokens: Tensor };

/** Whether a plan's compressor ranks by the tower's view. */
export const planReadsTower = ({ beforeDecoder }: BatchPlan): boolean =>
  beforeDecoder !== undefined && readsTower([beforeDecoder.point]);

/** The projector's output of images: [I·N, D]. */
function projectedTokens(vision: DeviceVision, weights: Weights, config: LlavaConfig): Tensor {
  if ('tokens' in vision) return vision.tokens;
  if ('features' in vision) return project(vision.features, weights, config);
  return next(towerOutput(vision.pixels, weights, config, false).features, (x) => project(x, weights, config));
}

/** @throws Error where the projector has already run, or features came without what the compressor ranks by */
function towerOf(vision: DeviceVision, { point }: PlannedPoint, weights: Weights, config: LlavaConfig): TowerOutput {
  if ('tokens' in vision) throw new Error('what the projector has made cannot be compressed before it');
  const isAsked = readsTower([point]);
  if ('pixels' in vision) return towerOutput(vision.pixels, weights, config, isAsked);
  if (isAsked && !vision.attention) throw new Error(`${point.compressor} needs more of the vision tower than features`);
  return vision;
}

/** As many tokens as the rows of a plan hold. @throws Error */
function checkCount(states: Tensor | undefined, { visualTokens: expected }: BatchPlan): void {
  const given = states?.shape[0] ?? 0;
  if (given !== expected) throw new Error(`the rows hold ${expected} visual tokens and the images give ${given}`);
}

const viewIn = ({ attention, keys }: TowerOutput): { tower?: TowerView } =>
  attention && keys ? { tower: { attention, keys } } : {};

/**
 * Visual tokens as the decoder takes them: [ΣL, D], compressed where the setting says before the decoder. A compressor
 * that works on the tower's features comes before the projector, which then runs on what is left.
 *
 * @throws Error where the images are not those of the rows: the tokens of one would end up in the place of another
 * @throws InputError where the compressor ranks by what the tower has not
 */
export function visualTokens(
  batch: DeviceBatch,
  weights: Weights,
  config: LlavaConfig,
  observe?: ObservePoint,
): Tensor | null {
  const { vision, plan } = batch;
  const { beforeDecoder: planned } = plan;
  const isEarly = planned !== undefined && COMPRESSOR_FACTS[planned.point.compressor].beforeProjector === true;
  if (planned) checkTower([planned.point], config);
  const tower = vision && isEarly ? towerOf(vision, planned, weights, config) : undefined;
  const states = tower?.features ?? (vision && projectedTokens(vision, weights, config));
  checkCount(states, plan);
  if (!states || !vision || !planned) return states ?? null;
  const stream: Stream = {
    states,
    positions: rangeVector(plan.visualTokens),
    isBorrowed: tower ? !('pixels' in vision) : 'tokens' in vision,
  };
  const arrays = arraysUnder(batch.arrays, 'beforeDecoder');
  const compressed = compress(stream, planned, arrays, weights, tower && viewIn(tower));
  observe?.(planned, compressed);
  return isEarly ? next(compressed.states, (x) => project(x, weights, config)) : compressed.states;
}
