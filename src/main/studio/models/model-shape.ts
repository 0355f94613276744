/** What of a model its cost depends on, read from its files. Whether it can be loaded is the engine's to say. */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { ModelShape } from '../../../shared/cost.ts';
import { codeOf, InputError } from '../../../shared/errors.ts';
import { fieldPath, ruleOf, valueAt } from '../../../shared/validation.ts';

const size = z.int().min(1);

/** Defaults are those of transformers' CLIPVisionConfig, LlamaConfig and LlavaConfig. */
const visionSchema = z.looseObject({
  hidden_size: size.default(768),
  intermediate_size: size.default(3072),
  num_hidden_layers: size.default(12),
  image_size: size.default(224),
  patch_size: size.default(32),
});
/** Where the whole vision_config is missing: CLIP ViT-L/14 at 336 pixels. */
const CLIP_LARGE_336 = {
  ...{ hidden_size: 1024, intermediate_size: 4096, num_hidden_layers: 24 },
  ...{ image_size: 336, patch_size: 14 },
};
const textSchema = z.looseObject({
  hidden_size: size.default(4096),
  intermediate_size: size.default(11008),
  num_hidden_layers: size.default(32),
  num_attention_heads: size.default(32),
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  vocab_size: size.default(32000),
  tie_word_embeddings: z.boolean().default(false),
});
const configSchema = z.looseObject({
  model_type: z.literal('llava'),
  vision_config: visionSchema.prefault(CLIP_LARGE_336),
  text_config: textSchema.prefault({}),
  vision_feature_layer: z.int().default(-2),
  vision_feature_select_strategy: z.enum(['default', 'full']).default('default'),
  multimodal_projector_bias: z.boolean().default(true),
  tie_word_embeddings: z.boolean().nullish(),
});

/** A model's shape with what else a choice depends on. */
export interface ModelSize {
  readonly shape: ModelShape;
  /** Visual tokens of an image. */
  readonly visualTokens: number;
  /** Values of all weights, the vision tower's unused layers included. */
  readonly parameters: number;
  readonly visionLayers: number;
}

interface Settings {
  readonly visionLayers: number;
  readonly featureLayer: number;
  readonly takesClassToken: boolean;
  readonly projectorBias: boolean;
  readonly tied: boolean;
}

/** Layers that run for the features of `featureLayer`: 23 of 24 for −2. */
const layersUsed = (layers: number, featureLayer: number): number =>
  featureLayer < 0 ? layers + 1 + featureLayer : featureLayer;

function visionParameters({ vision }: ModelShape, layers: number): number {
  const { hiddenSize: d, intermediateSize: m, imageSize, patchSize } = vision;
  const positions = Math.floor(imageSize / patchSize) ** 2 + 1;
  const layer = 4 * (d * d + d) + 2 * d * m + m + d + 4 * d;
  return d + 3 * patchSize ** 2 * d + positions * d + 4 * d + layers * layer;
}

function decoderParameters({ decoder }: ModelShape, tied: boolean): number {
  const { hiddenSize: d, intermediateSize: m, heads, kvHeads, headDim, layers, vocabSize } = decoder;
  const layer = 2 * d * heads * headDim + 2 * d * kvHeads * headDim + 3 * d * m + 2 * d;
  return layers * layer + d + vocabSize * d * (tied ? 1 : 2);
}

function sizeOf(shape: ModelShape, { visionLayers, takesClassToken, projectorBias, tied }: Settings): ModelSize {
  const { vision, decoder } = shape;
  const biases = projectorBias ? 2 * decoder.hiddenSize : 0;
  const projector = vision.hiddenSize * decoder.hiddenSize + decoder.hiddenSize ** 2 + biases;
  return {
    shape,
    visualTokens: Math.floor(vision.imageSize / vision.patchSize) ** 2 + (takesClassToken ? 1 : 0),
    parameters: visionParameters(shape, visionLayers) + projector + decoderParameters(shape, tied),
    visionLayers,
  };
}

function parsed<T extends z.ZodType>(schema: T, json: unknown, file: string): z.output<T> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (!issue) throw new InputError({ file, rule: 'is not valid' });
  const value = valueAt(json, issue.path);
  throw new InputError({ file, field: fieldPath(issue.path), value, rule: ruleOf(issue, value) });
}

function sizeOfConfig(json: unknown, file: string): ModelSize {
  const config = parsed(configSchema, json, file);
  const { vision_config: v, text_config: t, vision_feature_layer: featureLayer } = config;
  const vision = {
    ...{ layers: layersUsed(v.num_hidden_layers, featureLayer), hiddenSize: v.hidden_size },
    ...{ intermediateSize: v.intermediate_size, imageSize: v.image_size, patchSize: v.patch_size },
    hasClassToken: true,
  };
  const heads = t.num_attention_heads;
  const decoder = {
    ...{ layers: t.num_hidden_layers, hiddenSize: t.hidden_size, intermediateSize: t.intermediate_size, heads },
    ...{ kvHeads: t.num_key_value_heads ?? heads, headDim: t.head_dim ?? Math.floor(t.hidden_size / heads) },
    vocabSize: t.vocab_size,
  };
  const settings: Settings = {
    ...{ visionLayers: v.num_hidden_layers, featureLayer, projectorBias: config.multimodal_projector_bias },
    takesClassToken: config.vision_feature_select_strategy === 'full',
    tied: t.tie_word_embeddings || config.tie_word_embeddings === true,
  };
  return sizeOf({ vision, decoder }, settings);
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
  const takesClassToken = featureSelect === 'full';
  const settings = {
    visionLayers: vision.layers,
    featureLayer,
    takesClassToken,
    projectorBias,
    tied: text.tieWordEmbeddings,
  };
  return { ...sizeOf(shape, settings), description };
}
