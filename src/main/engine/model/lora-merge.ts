import { add, matMul, mul } from '../backend/kernels.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import { upload } from '../backend/upload.ts';
import { isAdapterFolder, loadAdapterFolder } from './adapter-folder.ts';
import type { HostTensor } from './host-tensor.ts';
import { isLoraTensor, loraOf, type LoraFactors } from './lora.ts';
import { loadModelFolder, type Model } from './model-folder.ts';
import { storedFloats, type WeightTensor } from './weight-tensor.ts';

/** W + scaling·B·A, in float32. */
function mergedWeight(weight: WeightTensor, { down, up, scaling }: LoraFactors): HostTensor {
  const merged = tf.tidy(() => {
    const [w, a, b] = [weight, down, up].map((tensor) => upload(storedFloats(tensor))) as [Tensor, Tensor, Tensor];
    return add(w, mul(matMul(b, a), tf.scalar(scaling)));
  });
  const data = (merged.dataSync() as Float32Array).slice();
  merged.dispose();
  return { shape: weight.shape, data };
}

/**
 * Merges a model's adapters into the weights they stand beside: the model answers the same, and is a plain model again.
 * The input stays as it is. Each sum is computed when its weight is used, and is not kept.
 */
export function mergeLora(weights: ReadonlyMap<string, WeightTensor>): Map<string, WeightTensor> {
  const lora = loraOf(weights);
  const merged = new Map<string, WeightTensor>();
  for (const [name, weight] of weights) {
    if (isLoraTensor(name)) continue;
    const factors = name.endsWith('.weight') ? lora.get(name.slice(0, -'.weight'.length)) : undefined;
    const { shape } = weight;
    merged.set(name, factors ? { shape, compute: () => mergedWeight(weight, factors).data } : weight);
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
