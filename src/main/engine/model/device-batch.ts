import { withDeviceArrays, type HostArrays } from '../backend/host-arrays.ts';
import type { Tensor } from '../backend/tensorflow.ts';
import type { BatchPlan } from './batch-plan.ts';
import type { DeviceBatch } from './llava.ts';
import type { DeviceVision } from './visual-tokens.ts';

/**
 * Images of a batch on the host: pixels [I, 3, S, S], features [I·N, E] of a frozen tower, or visual tokens [I·N, D] as
 * the projector makes them.
 */
export type HostVision =
  | { readonly pixels: Float32Array; readonly imageSize: number }
  | { readonly features: Float32Array; readonly width: number }
  | { readonly tokens: Float32Array; readonly width: number };

const VISION = 'vision';

function visionArray(vision: HostVision): HostArrays[string] {
  if ('width' in vision) {
    const data = 'features' in vision ? vision.features : vision.tokens;
    return { shape: [data.length / vision.width, vision.width], data };
  }
  const side = vision.imageSize;
  return { shape: [vision.pixels.length / (3 * side * side), 3, side, side], data: vision.pixels };
}

function deviceVision(vision: HostVision, images: Tensor): DeviceVision {
  if ('pixels' in vision) return { pixels: images };
  return 'features' in vision ? { features: images } : { tokens: images };
}

/**
 * Puts a planned batch on the device for as long as `use` runs.
 *
 * @param vision absent in a batch without images
 */
export function withDeviceBatch<T>(plan: BatchPlan, vision: HostVision | undefined, use: (batch: DeviceBatch) => T): T {
  if (!vision || plan.visualTokens === 0) return withDeviceArrays(plan.arrays, (arrays) => use({ plan, arrays }));
  return withDeviceArrays({ ...plan.arrays, [VISION]: visionArray(vision) }, (tensors) => {
    const { [VISION]: images, ...arrays } = tensors;
    if (!images) throw new Error('the images were not uploaded');
    return use({ plan, arrays, vision: deviceVision(vision, images) });
  });
}

/** All tensors of a batch, in a fixed order: the inputs of a recorded function. */
export function batchTensors({ arrays, vision }: DeviceBatch): Tensor[] {
  return [...Object.values(arrays), ...(vision ? Object.values<Tensor>(vision) : [])];
}

/** Everything a step depends on besides the values of `batchTensors`: the lengths it works with and what it compresses. */
export function signatureOf(batch: DeviceBatch): string {
  const { plan, arrays, vision } = batch;
  const lengths = plan.segments.map(({ fromLayer, point, layout }) => [fromLayer, point, layout.paddedLength]);
  const shapes = Object.entries({ ...arrays, ...vision }).map(([name, tensor]) => [name, tensor.shape]);
  return JSON.stringify([plan.batch, plan.beforeDecoder?.point, lengths, shapes]);
}
