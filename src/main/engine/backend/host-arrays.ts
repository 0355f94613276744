import { tf, type Tensor } from './tensorflow.ts';

/** Arrays on their way to the device, by name. Int32Array becomes int32, Float32Array float32. */
export type HostArrays = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly data: Int32Array | Float32Array }>
>;
/** The same arrays as tensors, by the same names. */
export type DeviceArrays = Readonly<Record<string, Tensor>>;

/** Puts arrays on the device for as long as `use` runs. */
export function withDeviceArrays<T>(arrays: HostArrays, use: (arrays: DeviceArrays) => T): T {
  const tensors = Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, data }]) => {
      const dtype = data instanceof Int32Array ? 'int32' : 'float32';
      return [name, tf.keep(tf.tensor(data, shape as number[], dtype))];
    }),
  );
  try {
    return use(tensors);
  } finally {
    tf.dispose(tensors);
  }
}
