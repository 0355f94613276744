import { withDeviceArrays, type DeviceArrays, type HostArrays } from '../backend/host-arrays.ts';
import type { Tensor } from '../backend/tensorflow.ts';
import type { BatchPlan } from './batch-plan.ts';
import type { DeviceBatch } from './llava.ts';
import { planReadsTower, type DeviceVision } from './visual-tokens.ts';

/** A vision tower's view of some features in host memory: see `TowerView`. */
export interface HostTowerView {
  /** [I·N] */
  readonly attention: Float32Array;
  /** [I·N, H, d] */
  readonly keys: Float32Array;
  /** H */
  readonly heads: number;
}

/**
 * Images of a batch on the host: pixels [I, 3, S, S], features [I·N, E] of a frozen tower with its view of them where one
 * is asked for, or visual tokens [I·N, D] as the projector makes them.
 */
export type HostVision =
  | { readonly pixels: Float32Array; readonly imageSize: number }
  | { readonly features: Float32Array; readonly width: number; readonly view?: HostTowerView }
  | { readonly tokens: Float32Array; readonly width: number };

const rowsOf = (data: Float32Array, width: number): HostArrays[string] => ({
  shape: [data.length / width, width],
  data,
});

function viewArrays({ attention, keys, heads }: HostTowerView): HostArrays {
  const count = attention.length;
  return {
    attention: { shape: [count], data: attention },
    keys: { shape: [count, heads, keys.length / (count * heads)], data: keys },
  };
}

/** @param withView whether the plan's compressor asks for it */
function visionArrays(vision: HostVision, withView: boolean): HostArrays {
  if ('pixels' in vision) {
    const { pixels, imageSize: side } = vision;
    return { pixels: { shape: [pixels.length / (3 * side * side), 3, side, side], data: pixels } };
  }
  if ('tokens' in vision) return { tokens: rowsOf(vision.tokens, vision.width) };
  const { features, width, view } = vision;
  return { features: rowsOf(features, width), ...(withView && view && viewArrays(view)) };
}

function deviceVision({ pixels, tokens, features, attention, keys }: DeviceArrays): DeviceVision {
  if (pixels) return { pixels };
  if (tokens) return { tokens };
  if (!features) throw new Error('the images were not uploaded');
  return { features, ...(attention && { attention }), ...(keys && { keys }) };
}

/**
 * Puts a planned batch on the device for as long as `use` runs.
 *
 * @param vision absent in a batch without images
 */
export function withDeviceBatch<T>(plan: BatchPlan, vision: HostVision | undefined, use: (batch: DeviceBatch) => T): T {
  if (!vision || plan.visualTokens === 0) return withDeviceArrays(plan.arrays, (arrays) => use({ plan, arrays }));
  return withDeviceArrays(plan.arrays, (arrays) =>
    withDeviceArrays(visionArrays(vision, planReadsTower(plan)), (images) =>
      use({ plan, arrays, vision: deviceVision(images) }),
    ),
  );
}

/** All tensors of a batch, in a fixed order: the inputs of a recorded function. */
export function batchTensors({ arrays, vision }: DeviceBatch): Tensor[] {
  return [...Object.values(arrays), ...(vision ? Object.values<Tensor>({ ...vision }) : [])];
}

/** Everything a step depends on besides the values of `batchTensors`: the lengths it works with and what it compresses. */
export function signatureOf(batch: DeviceBatch): string {
  const { plan, vision = {} } = batch;
  const shapes = Object.entries<Tensor>(vision).map(([name, tensor]) => [name, tensor.shape]);
  return JSON.stringify([planSignature(plan), shapes]);
}

/**
 * What of a batch decides its function before any tensor is there: batches of one model that have the same here have the same
 * signature.
 */
export function planSignature(plan: BatchPlan): string {
  const lengths = plan.segments.map(({ fromLayer, point, layout }) => [fromLayer, point, layout.paddedLength]);
  const shapes = Object.entries(plan.arrays).map(([name, { shape }]) => [name, shape]);
  return JSON.stringify([plan.batch, plan.visualTokens, plan.beforeDecoder?.point, lengths, shapes]);
}
