/** A checkpoint of llava-interleave-qwen-0.5b's shapes, filled with random numbers: loading takes as long as the real one's. */
import { parseLlavaConfig } from '../../src/main/engine/model/huggingface-config.ts';
import { sizeOf } from '../../src/main/engine/model/host-tensor.ts';
import { saveModelFolder } from '../../src/main/engine/model/model-folder.ts';
import { parameterShapes } from '../../src/main/engine/model/parameter-shapes.ts';
import type { OutputType } from '../../src/main/engine/model/safetensors-write.ts';
import type { WeightTensor } from '../../src/main/engine/model/weight-tensor.ts';
import { Random } from '../../src/shared/random.ts';

const CONFIG = {
  model_type: 'llava',
  vision_config: {
    model_type: 'siglip_vision_model',
    hidden_size: 1152,
    intermediate_size: 4304,
    num_hidden_layers: 27,
    num_attention_heads: 16,
    image_size: 384,
    patch_size: 14,
    vision_use_head: false,
  },
  text_config: {
    model_type: 'qwen2',
    hidden_size: 896,
    intermediate_size: 4864,
    num_hidden_layers: 24,
    num_attention_heads: 14,
    num_key_value_heads: 2,
    max_position_embeddings: 32768,
    rope_theta: 1e6,
    vocab_size: 152000,
    tie_word_embeddings: true,
    bos_token_id: 151643,
    eos_token_id: 151645,
  },
  image_token_index: 151646,
  vision_feature_layer: -1,
  vision_feature_select_strategy: 'full',
};

const BLOCK = 2 ** 20;

/** Tensors that repeat one block of numbers, made when they are written: the model need not fit into memory. */
function randomTensor(shape: readonly number[], block: Float32Array): WeightTensor {
  const compute = (): Float32Array => {
    const data = new Float32Array(sizeOf(shape));
    for (let start = 0; start < data.length; start += BLOCK)
      data.set(block.subarray(0, Math.min(BLOCK, data.length - start)), start);
    return data;
  };
  return { shape, compute };
}

/** Writes the checkpoint in shards of 1 GB and gives the number of its weights. */
export async function writeModel(folder: string, dtype: OutputType): Promise<number> {
  const config = parseLlavaConfig(CONFIG, 'the model of the bench');
  const random = Random.from(0, 'load');
  const block = Float32Array.from({ length: BLOCK }, () => 0.02 * random.normal());
  const shapes = [...parameterShapes(config)];
  const weights = new Map(shapes.map(([name, shape]) => [name, randomTensor(shape, block)]));
  await saveModelFolder(folder, { config, weights }, {}, { dtype, shardBytes: 1e9 });
  return shapes.reduce((total, [, shape]) => total + sizeOf(shape), 0);
}
