import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHuggingFaceConfig } from '../../src/main/engine/model/huggingface-config.ts';
import { loadModelFolder } from '../../src/main/engine/model/model-folder.ts';
import { writeWeightFiles } from '../../src/main/engine/model/weight-files-write.ts';
import type { WeightTensor } from '../../src/main/engine/model/weight-tensor.ts';

/** How a checkpoint in the LLaVA authors' layout is made. */
export interface OriginalOptions {
  /** Keys of its config.json that are other ones. */
  readonly config?: Record<string, unknown>;
  /** Bytes of a weights file. */
  readonly shardBytes?: number;
  /** Whether the tower's weights are in the checkpoint; by default they are in the tower's own folder alone. */
  readonly towerInside?: boolean;
  /** The tower as part of a whole CLIP or SigLIP model. */
  readonly wholeTower?: boolean;
}

const CLASSES = { llama: 'LlavaLlamaForCausalLM', mistral: 'LlavaMistralForCausalLM', qwen2: 'LlavaQwenForCausalLM' };

/** The authors' name of a canonical one. */
const originalName = (name: string): string =>
  name
    .replace(/^language_model\.lm_head\./, 'lm_head.')
    .replace(/^language_model\.model\./, 'model.')
    .replace('multi_modal_projector.linear_1.', 'model.mm_projector.0.')
    .replace('multi_modal_projector.linear_2.', 'model.mm_projector.2.')
    .replace(/^vision_tower\./, 'model.vision_tower.vision_tower.vision_model.');

const isTower = (name: string): boolean => name.startsWith('vision_tower.');

const write = (file: string, json: unknown): void => {
  writeFileSync(file, JSON.stringify(json, null, 2));
};

/** The tokenizer of a language model, which knows neither pictures nor padding. */
function writeTokenizer(model: string, folder: string): void {
  const text = readFileSync(join(model, 'tokenizer.json'), 'utf8');
  writeFileSync(join(folder, 'tokenizer.json'), text.replaceAll('<image>', '<odd>').replaceAll('<pad>', '<even>'));
  const file = join(model, 'tokenizer_config.json');
  if (!existsSync(file)) return;
  const {
    image_token: _,
    pad_token: __,
    ...config
  } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  write(join(folder, 'tokenizer_config.json'), { ...config, chat_template: '{{ messages[0]["content"] + "!" }}' });
}

/** A tensor of the half of a CLIP model that reads text. */
const UNUSED: readonly [string, WeightTensor][] = [
  'text_model.final_layer_norm.weight',
  'visual_projection.weight',
  'text_projection.weight',
  'logit_scale',
].map((name) => [name, { shape: [1], data: new Float32Array(1) }]);

async function writeTower(
  model: string,
  folder: string,
  tower: ReadonlyMap<string, WeightTensor>,
  vision: unknown,
  whole: boolean,
): Promise<void> {
  mkdirSync(folder);
  const { model_type: type } = vision as { model_type: string };
  const config = whole
    ? { model_type: type.replace('_vision_model', ''), vision_config: vision, text_config: {} }
    : vision;
  write(join(folder, 'config.json'), config);
  cpSync(join(model, 'preprocessor_config.json'), join(folder, 'preprocessor_config.json'));
  const named = [...tower].map(([name, tensor]) => [name.replace('vision_tower.', 'vision_model.'), tensor] as const);
  await writeWeightFiles(folder, new Map([...named, ...(whole ? UNUSED : [])]));
}

/**
 * Writes a Hugging Face model as a checkpoint in the LLaVA authors' layout, `parent/original`, with its tower beside it
 * as `parent/tower`.
 */
export async function writeOriginal(
  model: string,
  parent: string,
  { config: changes = {}, shardBytes, towerInside = false, wholeTower = false }: OriginalOptions = {},
): Promise<{ readonly original: string; readonly tower: string }> {
  const { config, weights } = await loadModelFolder(model);
  const [original, tower] = [join(parent, 'original'), join(parent, 'tower')];
  mkdirSync(original, { recursive: true });
  const { text_config: text, vision_config: vision } = toHuggingFaceConfig(config);
  write(join(original, 'config.json'), {
    ...(text as object),
    architectures: [CLASSES[config.text.family]],
    model_type: config.text.family === 'llama' ? 'llava' : `llava_${config.text.family.replace('2', '')}`,
    mm_vision_tower: 'somebody/tower',
    mm_vision_select_layer: config.featureLayer,
    mm_vision_select_feature: 'patch',
    mm_projector_type: 'mlp2x_gelu',
    mm_hidden_size: config.vision.hiddenSize,
    mm_use_im_start_end: false,
    mm_use_im_patch_token: false,
    image_aspect_ratio: 'pad',
    ...changes,
  });
  writeTokenizer(model, original);
  const own = [...weights].filter(([name]) => towerInside || !isTower(name));
  const named = new Map(own.map(([name, tensor]) => [originalName(name), tensor]));
  await writeWeightFiles(original, named, shardBytes === undefined ? {} : { shardBytes });
  await writeTower(model, tower, new Map([...weights].filter(([name]) => isTower(name))), vision, wholeTower);
  return { original, tower };
}
