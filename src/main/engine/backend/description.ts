import { tf } from './tensorflow.ts';

/** The parts of tfjs-node's backend object that describe it. */
interface NodeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: { readonly TF_Version: string };
}

/** Which TensorFlow runs here, and on what. */
export function describeBackend(): {
  backend: string;
  device: 'CPU' | 'GPU';
  tensorflow: string;
  tfjs: string;
  tfjsNode: string;
} {
  const backend = tf.backend() as unknown as NodeBackend;
  return {
    backend: tf.getBackend(),
    device: backend.isUsingGpuDevice ? 'GPU' : 'CPU',
    tensorflow: backend.binding.TF_Version,
    tfjs: tf.version['tfjs-core'],
    tfjsNode: tf.version['tfjs-node'],
  };
}
