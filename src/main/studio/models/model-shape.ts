/** What of a model its cost depends on, read from its files. Whether it can be loaded is the engine's to say. */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { ModelShape } from '../../../shared/cost.ts';
import { codeOf, InputError } from '../../../shared/errors.ts';
import { layersUsed, modelSize, PLAIN, type ModelSize, type SizeSettings } from '../../../shared/model-size.ts';
import { fieldPath, ruleOf, valueAt } from '../../../shared/validation.ts';

const size = z.int().min(1);

type Json = Readonly<Record<string, unknown>>;

const CLIP = 'clip_vision_model';
const VISION = { hidden_size: 768, intermediate_size: 3072, num_hidden_layers: 12, image_size: 224 };
/** Where the whole vision_config is missing: CLIP ViT-L/14 at 336 pixels. */
const CLIP_LARGE_336 = {
  ...{ hidden_size: 1024, intermediate_size: 4096, num_hidden_layers: 24 },
  ...{ image_size: 336, patch_size: 14 },
};
const TEXT = { hidden_size: 4096, num_hidden_layers: 32, num_attention_heads: 32 };

/** Defaults are those of transformers' classes, by `model_type`; the first is that of a part without one. */
const DEFAULTS: Readonly<Record<'vision' | 'text', Readonly<Record<string, Json>>>> = {
  vision: {
    [CLIP]: { ...VISION, patch_size: 32 },
    siglip_vision_model: { ...VISION, patch_size: 16, vision_use_head: true },
  },
  text: {
    llama: { ...TEXT, intermediate_size: 11008, vocab_size: 32000 },
    mistral: { ...TEXT, intermediate_size: 14336, vocab_size: 32000, num_key_value_heads: 8 },
    qwen2: { ...TEXT, intermediate_size: 22016, vocab_size: 151936, num_key_value_heads: 32 },
  },
};

/** A part of the file with its family's defaults; families that the engine refuses are measured like the first. */
function withDefaults(part: unknown, families: Readonly<Record<string, Json>>): unknown {
  if (typeof part !== 'object' || part === null) return part;
  const [first = ''] = Object.keys(families);
  const { model_type: type = first } = part as { model_type?: unknown };
  return { ...(families[String(type)] ?? families[first]), ...part, model_type: type };
}

const visionSchema = z.preprocess(
  (given) => withDefaults(given ?? CLIP_LARGE_336, DEFAULTS.vision),
  z.looseObject({
    model_type: z.string(),
    hidden_size: size,
    intermediate_size: size,
    num_hidden_layers: size,
    image_size: size,
    patch_size: size,
    vision_use_head: z.boolean().nullish(),
  }),
);
const textSchema = z.preprocess(
  (given) => withDefaults(given ?? {}, DEFAULTS.text),
  z.looseObject({
    model_type: z.string(),
    hidden_size: size,
    intermediate_size: size,
    num_hidden_layers: size,
    num_attention_heads: size,
    num_key_value_heads: size.nullish(),
    head_dim: size.nullish(),
    vocab_size: size,
    attention_bias: z.boolean().nullish(),
    mlp_bias: z.boolean().nullish(),
    tie_word_embeddings: z.boolean().default(false),
  }),
);
const configSchema = z.looseObject({
  model_type: z.literal('llava'),
  vision_config: visionSchema,
  text_config: textSchema,
  vision_feature_layer: z.int().default(-2),
  vision_feature_select_strategy: z.enum(['default', 'full']).default('default'),
  multimodal_projector_bias: z.boolean().default(true),
  tie_word_embeddings: z.boolean().nullish(),
});

function parsed<T extends z.ZodType>(schema: T, json: unknown, file: string): z.output<T> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (!issue) throw new InputError({ file, rule: 'is not valid' });
  const value = valueAt(json, issue.path);
  throw new InputError({ file, field: fieldPath(issue.path), value, rule: ruleOf(issue, value) });
}

type ConfigJson = z.output<typeof configSchema>;

function shapeOf({ vision_config: v, text_config: t, vision_feature_layer: featureLayer }: ConfigJson): ModelShape {
  const heads = t.num_attention_heads;
  return {
    vision: {
      ...{ layers: layersUsed(v.num_hidden_layers, featureLayer), hiddenSize: v.hidden_size },
      ...{ intermediateSize: v.intermediate_size, imageSize: v.image_size, patchSize: v.patch_size },
      hasClassToken: v.model_type === CLIP,
    },
    decoder: {
      ...{ layers: t.num_hidden_layers, hiddenSize: t.hidden_size, intermediateSize: t.intermediate_size, heads },
      ...{ kvHeads: t.num_key_value_heads ?? heads, headDim: t.head_dim ?? Math.floor(t.hidden_size / heads) },
      vocabSize: t.vocab_size,
    },
  };
}

function biasesOf({
  text_config: { model_type: type, ...t },
}: ConfigJson): Pick<SizeSettings, 'attentionBias' | 'mlpBias'> {
  if (type === 'qwen2') return { attentionBias: 'qkv', mlpBias: false };
  const isLlama = type === 'llama';
  return { attentionBias: isLlama && t.attention_bias ? 'all' : 'none', mlpBias: isLlama && t.mlp_bias === true };
}

function sizeOfConfig(json: unknown, file: string): ModelSize {
  const config = parsed(configSchema, json, file);
  const { vision_config: v, text_config: t } = config;
  return modelSize(shapeOf(config), {
    ...{ visionLayers: v.num_hidden_layers, featureLayer: config.vision_feature_layer },
    ...{ featureSelect: config.vision_feature_select_strategy, projectorBias: config.multimodal_projector_bias },
    tied: t.tie_word_embeddings || config.tie_word_embeddings === true,
    hasHead: v.model_type === 'siglip_vision_model' && v.vision_use_head !== false,
    ...biasesOf(config),
  });
}

/** The size of a Hugging Face model folder. @throws InputError naming file and field */
export async function readModelSize(folder: string): Promise<ModelSize> {
  const file = join(folder, 'config.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const hint = 'A model is a folder with config.json and model.safetensors';
    throw new InputError({ file, rule: `cannot be read (${codeOf(error) ?? ''})`, hint }, { cause: error });
  }
  try {
    return sizeOfConfig(JSON.parse(text), file);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InputError({ file, rule: 'is not valid JSON' }, { cause: error });
  }
}

const SIZES = new URL('../../../../resources/models/', import.meta.url);

const namedSizeSchema = z.looseObject({
  description: z.string(),
  vision: z.looseObject({
    ...{ imageSize: size, patchSize: size, layers: size, hiddenSize: size, intermediateSize: size },
  }),
  text: z.looseObject({
    ...{ layers: size, hiddenSize: size, intermediateSize: size, heads: size, kvHeads: size, headDim: size },
    tieWordEmbeddings: z.boolean(),
  }),
  featureLayer: z.int(),
  featureSelect: z.enum(['default', 'full']),
  projectorBias: z.boolean(),
});

/** Names of the sizes that come with the program. */
export function namedSizes(): string[] {
  const files = readdirSync(SIZES).filter((name) => name.endsWith('.json'));
  return files.map((name) => name.slice(0, -'.json'.length)).sort();
}

/** A named size. Its vocabulary comes from the data it is trained on: one token stands for it here. */
export function readNamedSize(name: string): ModelSize & { readonly description: string } {
  const file = fileURLToPath(new URL(`${name}.json`, SIZES));
  const { description, vision, text, featureLayer, featureSelect, projectorBias } = parsed(
    namedSizeSchema,
    JSON.parse(readFileSync(file, 'utf8')),
    file,
  );
  const shape: ModelShape = {
    vision: { ...vision, layers: layersUsed(vision.layers, featureLayer), hasClassToken: true },
    decoder: { ...text, vocabSize: 1 },
  };
  const settings: SizeSettings = {
    ...{ visionLayers: vision.layers, featureLayer, featureSelect, projectorBias },
    ...{ tied: text.tieWordEmbeddings, ...PLAIN },
  };
  return { ...modelSize(shape, settings), description };
}
