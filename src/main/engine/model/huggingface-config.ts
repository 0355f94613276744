import { z } from 'zod';
import { InputError } from '../../../shared/errors.ts';
import { visualTokensPerImage } from './config.ts';
import type { LlavaConfig, TextConfig, VisionConfig } from './config.ts';
import { validate } from './validate.ts';

// Reading transformers' config.json. Missing keys take the defaults of CLIPVisionConfig, LlamaConfig and LlavaConfig there.

const positive = z
  .number()
  .int()
  .min(1)
  .max(2 ** 31 - 1);
const tokenId = z.number().int().min(0);
const scale = z.number().positive();
const isTokenId = (given: unknown): boolean => tokenId.safeParse(given).success;

/** A setting that only one value of is implemented: missing or null means that value, anything else is refused with the reason. */
const only = <T extends string | number | boolean>(value: T, reason: string) =>
  z.custom<T>((given) => given === value, { error: `must be ${JSON.stringify(value)}: ${reason}` }).nullish();

const visionSchema = z.looseObject({
  model_type: only('clip_vision_model', 'CLIP is the only vision tower supported so far; SigLIP is planned'),
  hidden_size: positive.default(768),
  intermediate_size: positive.default(3072),
  num_hidden_layers: positive.default(12),
  num_attention_heads: positive.default(12),
  num_channels: only(3, 'images are RGB'),
  image_size: positive.default(224),
  patch_size: positive.default(32),
  hidden_act: z.enum(['quick_gelu', 'gelu', 'gelu_pytorch_tanh']).default('quick_gelu'),
  layer_norm_eps: scale.default(1e-5),
  attention_dropout: only(0, 'dropout in attention is not supported'),
  initializer_range: scale.default(0.02),
  initializer_factor: scale.default(1),
});

const ropeSchema = z.looseObject({
  rope_theta: scale.optional(),
  rope_type: only('default', 'rope scaling is not supported'),
  type: only('default', 'rope scaling is not supported'),
  partial_rotary_factor: only(1, 'rotary positions over part of a head are not supported'),
});

const textSchema = z.looseObject({
  model_type: only('llama', 'LLaMA is the only language model supported so far'),
  vocab_size: positive.default(32000),
  hidden_size: positive.default(4096),
  intermediate_size: positive.default(11008),
  num_hidden_layers: positive.default(32),
  num_attention_heads: positive.default(32),
  num_key_value_heads: positive.nullish(),
  head_dim: positive.nullish(),
  hidden_act: only('silu', 'the decoder is a SwiGLU one'),
  max_position_embeddings: positive.default(2048),
  rms_norm_eps: scale.default(1e-6),
  rope_theta: scale.optional(),
  rope_parameters: ropeSchema.nullish(),
  rope_scaling: ropeSchema.nullish(),
  attention_bias: only(false, 'bias in attention is not supported'),
  mlp_bias: only(false, 'bias in the feed-forward part is not supported'),
  attention_dropout: only(0, 'dropout in attention is not supported'),
  tie_word_embeddings: z.boolean().default(false),
  bos_token_id: tokenId.nullable().default(1),
  eos_token_id: z.custom<number>(isTokenId, { error: 'must be one token id' }).default(2),
  pad_token_id: tokenId.nullish(),
  initializer_range: scale.default(0.02),
});

/** What LlavaConfig takes where the whole vision_config is missing: CLIP ViT-L/14 at 336 pixels. */
const CLIP_LARGE_336 = {
  hidden_size: 1024,
  intermediate_size: 4096,
  num_hidden_layers: 24,
  num_attention_heads: 16,
  image_size: 336,
  patch_size: 14,
};

const CONVERT_HINT =
  "For LLaVA checkpoints in their authors' own layout, take the conversion for transformers (named …-hf)";

const llavaSchema = z.looseObject({
  architectures: z
    .array(z.string())
    .refine((names) => names.includes('LlavaForConditionalGeneration'), {
      error: `must name LlavaForConditionalGeneration. ${CONVERT_HINT}`,
    })
    .nullish(),
  model_type: z.custom<'llava'>((given) => given === 'llava', {
    error: `must be "llava": only LlavaForConditionalGeneration can be opened. ${CONVERT_HINT}`,
  }),
  vision_config: z.preprocess((given) => given ?? CLIP_LARGE_336, visionSchema),
  text_config: z.preprocess((given) => given ?? {}, textSchema),
  image_token_index: tokenId.optional(),
  image_token_id: tokenId.optional(),
  pad_token_id: tokenId.nullish(),
  tie_word_embeddings: z.boolean().nullish(),
  vision_feature_layer: z
    .custom<number>(Number.isInteger, {
      error: 'must be one integer: features joined from several vision layers are not supported',
    })
    .default(-2),
  vision_feature_select_strategy: z.enum(['default', 'full']).default('default'),
  projector_hidden_act: only('gelu', 'the projector is a two-layer GELU one'),
  multimodal_projector_bias: z.boolean().default(true),
  quantization_config: z
    .custom<null>((given) => given === null, {
      error: 'must be absent: quantised weights are not supported',
    })
    .optional(),
  // The weights say themselves which type they have; both spellings are only checked to be text.
  dtype: z.string().nullish(),
  torch_dtype: z.string().nullish(),
});

type VisionJson = z.output<typeof visionSchema>;
type TextJson = z.output<typeof textSchema>;
type LlavaJson = z.output<typeof llavaSchema>;

const visionConfig = (json: VisionJson): VisionConfig => ({
  family: 'clip',
  hiddenSize: json.hidden_size,
  intermediateSize: json.intermediate_size,
  layers: json.num_hidden_layers,
  heads: json.num_attention_heads,
  imageSize: json.image_size,
  patchSize: json.patch_size,
  activation: json.hidden_act,
  layerNormEps: json.layer_norm_eps,
  initializerRange: json.initializer_range,
  initializerFactor: json.initializer_factor,
});

const textConfig = (json: TextJson, padTokenId: number | null, tieWordEmbeddings: boolean): TextConfig => ({
  hiddenSize: json.hidden_size,
  intermediateSize: json.intermediate_size,
  layers: json.num_hidden_layers,
  heads: json.num_attention_heads,
  kvHeads: json.num_key_value_heads ?? json.num_attention_heads,
  headDim: json.head_dim ?? Math.floor(json.hidden_size / json.num_attention_heads),
  vocabSize: json.vocab_size,
  rmsNormEps: json.rms_norm_eps,
  // Newer files keep the rotary base in rope_parameters, older ones in rope_theta.
  ropeTheta: json.rope_parameters?.rope_theta ?? json.rope_theta ?? 10000,
  maxPositions: json.max_position_embeddings,
  tieWordEmbeddings,
  bosTokenId: json.bos_token_id,
  eosTokenId: json.eos_token_id,
  padTokenId,
  initializerRange: json.initializer_range,
});

const llavaConfig = (json: LlavaJson): LlavaConfig => ({
  vision: visionConfig(json.vision_config),
  text: textConfig(
    json.text_config,
    json.text_config.pad_token_id ?? json.pad_token_id ?? null,
    // transformers ties where either level says so.
    json.text_config.tie_word_embeddings || json.tie_word_embeddings === true,
  ),
  featureLayer: json.vision_feature_layer,
  featureSelect: json.vision_feature_select_strategy,
  imageTokenId: json.image_token_index ?? json.image_token_id ?? 32000,
  projectorActivation: 'gelu',
  projectorBias: json.multimodal_projector_bias,
});

/** Rules between fields, which the schemas cannot see. Throws an `InputError` under transformers' names. */
function checkTogether(config: LlavaConfig, file: string): void {
  const { vision, text, featureLayer } = config;
  const must = (holds: boolean, field: string, value: unknown, rule: string): void => {
    if (!holds) throw new InputError({ file, field, value, rule });
  };
  const divides = (size: number, field: string, parts: number, by: string): void =>
    must(size % parts === 0, field, size, `must be a multiple of ${by} (${parts})`);
  divides(vision.imageSize, 'vision_config.image_size', vision.patchSize, 'patch_size');
  divides(vision.hiddenSize, 'vision_config.hidden_size', vision.heads, 'num_attention_heads');
  divides(text.heads, 'text_config.num_attention_heads', text.kvHeads, 'num_key_value_heads');
  must(
    text.headDim >= 2 && text.headDim % 2 === 0,
    'text_config.head_dim',
    text.headDim,
    'must be even, for rotary positions',
  );
  const deepest = vision.layers;
  must(
    featureLayer >= -deepest - 1 && featureLayer <= deepest,
    'vision_feature_layer',
    featureLayer,
    `must be between ${-deepest - 1} and ${deepest}: the tower has ${deepest} layers`,
  );
  const inVocabulary = (id: number | null, field: string): void =>
    must(id === null || id < text.vocabSize, field, id, `must be below text_config.vocab_size (${text.vocabSize})`);
  inVocabulary(config.imageTokenId, 'image_token_index');
  inVocabulary(text.bosTokenId, 'text_config.bos_token_id');
  inVocabulary(text.eosTokenId, 'text_config.eos_token_id');
  inVocabulary(text.padTokenId, 'text_config.pad_token_id');
}

/** Two spellings of one setting must not disagree: transformers' versions would differ in which they believe. */
function checkSpellings(json: LlavaJson, file: string): void {
  const agree = (field: string, value: unknown, other: string, otherValue: unknown): void => {
    if (value === undefined || otherValue === undefined || value === otherValue) return;
    throw new InputError({ file, field, value, rule: `must equal ${other} (${JSON.stringify(otherValue)})` });
  };
  const { text_config: text } = json;
  agree('text_config.rope_theta', text.rope_theta, 'rope_parameters.rope_theta', text.rope_parameters?.rope_theta);
  agree('image_token_index', json.image_token_index, 'image_token_id', json.image_token_id);
}

/**
 * Reads transformers' config.json of a LlavaForConditionalGeneration with a CLIP tower and a LLaMA decoder.
 * Missing keys take transformers' defaults. Throws an `InputError` that names the field for whatever is malformed or
 * not supported (other model types, rope scaling, attention bias, other activations, several feature layers).
 *
 * @param json the parsed file
 * @param file its name, for messages
 */
export function parseLlavaConfig(json: unknown, file: string): LlavaConfig {
  const parsed = validate(llavaSchema, json, file);
  checkSpellings(parsed, file);
  const config = llavaConfig(parsed);
  checkTogether(config, file);
  return config;
}

function visionToJson(vision: VisionConfig): Record<string, unknown> {
  return {
    model_type: 'clip_vision_model',
    hidden_size: vision.hiddenSize,
    intermediate_size: vision.intermediateSize,
    num_hidden_layers: vision.layers,
    num_attention_heads: vision.heads,
    num_channels: 3,
    image_size: vision.imageSize,
    patch_size: vision.patchSize,
    hidden_act: vision.activation,
    layer_norm_eps: vision.layerNormEps,
    attention_dropout: 0,
    initializer_range: vision.initializerRange,
    initializer_factor: vision.initializerFactor,
    projection_dim: vision.hiddenSize,
  };
}

function textToJson(text: TextConfig): Record<string, unknown> {
  return {
    model_type: 'llama',
    vocab_size: text.vocabSize,
    hidden_size: text.hiddenSize,
    intermediate_size: text.intermediateSize,
    num_hidden_layers: text.layers,
    num_attention_heads: text.heads,
    num_key_value_heads: text.kvHeads,
    head_dim: text.headDim,
    hidden_act: 'silu',
    max_position_embeddings: text.maxPositions,
    rms_norm_eps: text.rmsNormEps,
    // Both spellings of the rotary base: readers before transformers 5 know only the first, later ones write only the second.
    rope_theta: text.ropeTheta,
    rope_parameters: { rope_theta: text.ropeTheta, rope_type: 'default' },
    attention_bias: false,
    mlp_bias: false,
    attention_dropout: 0,
    tie_word_embeddings: text.tieWordEmbeddings,
    bos_token_id: text.bosTokenId,
    eos_token_id: text.eosTokenId,
    pad_token_id: text.padTokenId,
    initializer_range: text.initializerRange,
  };
}

/** The content of config.json as Python's transformers understands it; `parseLlavaConfig` gives the same config back. */
export function toHuggingFaceConfig(config: LlavaConfig): Record<string, unknown> {
  return {
    architectures: ['LlavaForConditionalGeneration'],
    model_type: 'llava',
    dtype: 'float32',
    torch_dtype: 'float32',
    image_seq_length: visualTokensPerImage(config),
    image_token_index: config.imageTokenId,
    multimodal_projector_bias: config.projectorBias,
    pad_token_id: config.text.padTokenId,
    projector_hidden_act: config.projectorActivation,
    text_config: textToJson(config.text),
    tie_word_embeddings: config.text.tieWordEmbeddings,
    vision_config: visionToJson(config.vision),
    vision_feature_layer: config.featureLayer,
    vision_feature_select_strategy: config.featureSelect,
  };
}

/** Keys that transformers declares as floats: it refuses the whole file where one of them is written as an integer. */
const FLOAT_KEYS = [
  'attention_dropout',
  'initializer_factor',
  'initializer_range',
  'layer_norm_eps',
  'rms_norm_eps',
  'rope_theta',
];
const INTEGER_AT_FLOAT_KEY = new RegExp(`("(?:${FLOAT_KEYS.join('|')})": -?\\d+)(?=,?$)`, 'gm');

/** The text of config.json: `toHuggingFaceConfig` with whole-number floats written as `1.0`, which JSON.stringify cannot. */
export function formatHuggingFaceConfig(config: LlavaConfig): string {
  return `${JSON.stringify(toHuggingFaceConfig(config), null, 2).replace(INTEGER_AT_FLOAT_KEY, '$1.0')}\n`;
}
