import { tf, type Tensor } from '../backend/tensorflow.ts';
import type { HostArrays } from '../compressor/compressor.ts';
import type { BatchPlan } from './batch-plan.ts';
import type { DeviceBatch } from './llava.ts';

/** Images of a batch on the host: pixels [I, 3, S, S] or features [I·N, E] of a frozen tower. */
export type HostVision =
  | { readonly pixels: Float32Array; readonly imageSize: number }
  | { readonly features: Float32Array; readonly width: number };

function upload(shape: readonly number[], data: Int32Array | Float32Array): Tensor {
  return tf.keep(tf.tensor(data, shape as number[], data instanceof Int32Array ? 'int32' : 'float32'));
}

function uploadArrays(arrays: HostArrays): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(arrays).map(([name, { shape, data }]) => [name, upload(shape, data)]));
}

function uploadVision(vision: HostVision): NonNullable<DeviceBatch['vision']> {
  if ('features' in vision)
    return { features: upload([vision.features.length / vision.width, vision.width], vision.features) };
  const side = vision.imageSize;
  return { pixels: upload([vision.pixels.length / (3 * side * side), 3, side, side], vision.pixels) };
}

/**
 * Puts a planned batch on the device for as long as `use` runs.
 *
 * @param vision absent in a batch without images
 */
export function withDeviceBatch<T>(plan: BatchPlan, vision: HostVision | undefined, use: (batch: DeviceBatch) => T): T {
  const arrays = uploadArrays(plan.arrays);
  const uploaded = vision && plan.groupCount > 0 ? uploadVision(vision) : undefined;
  try {
    return use({ plan, arrays, ...(uploaded ? { vision: uploaded } : {}) });
  } finally {
    tf.dispose([...Object.values(arrays), ...Object.values(uploaded ?? {})]);
  }
}
