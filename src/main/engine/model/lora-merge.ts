import { add, matMul, mul } from '../backend/kernels.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import { isAdapterFolder, loadAdapterFolder } from './adapter-folder.ts';
import type { HostTensor } from './host-tensor.ts';
import { isLoraTensor, loraOf, type LoraFactors } from './lora.ts';
import { loadModelFolder, type Model } from './model-folder.ts';

/** W + scaling·B·A, in float32. */
function mergedWeight({ shape, data }: HostTensor, { down, up, scaling }: LoraFactors): HostTensor {
  const merged = tf.tidy(() => {
    const [w, a, b] = [{ shape, data }, down, up].map((tensor) =>
      tf.tensor(tensor.data, tensor.shape as number[], 'float32'),
    ) as [Tensor, Tensor, Tensor];
    return add(w, mul(matMul(b, a), tf.scalar(scaling)));
  });
  const values = (merged.dataSync() as Float32Array).slice();
  merged.dispose();
  return { shape, data: values };
}

/**
 * Merges a model's adapters into the weights they stand beside: the model answers the same, and is a plain model again.
 * The input stays as it is; what has no adapter is shared with it.
 */
export function mergeLora(weights: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> {
  const lora = loraOf(weights);
  const merged = new Map<string, HostTensor>();
  for (const [name, tensor] of weights) {
    if (isLoraTensor(name)) continue;
    const factors = name.endsWith('.weight') ? lora.get(name.slice(0, -'.weight'.length)) : undefined;
    merged.set(name, factors ? mergedWeight(tensor, factors) : tensor);
  }
  return merged;
}

/**
 * Loads whatever can be asked as a plain model: a Hugging Face folder, or an adapter merged into the base model it names.
 *
 * @throws InputError naming file and field
 */
export async function loadPlainModel(dir: string): Promise<Model> {
  if (!isAdapterFolder(dir)) return loadModelFolder(dir);
  const { config, weights } = await loadAdapterFolder(dir);
  return { config, weights: mergeLora(weights) };
}
