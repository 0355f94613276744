import { z } from 'zod';
import { InputError } from '../../../shared/errors.ts';
import type { TextConfig } from './config.ts';
import { only, positive, scale, tokenId, withDefaults } from './huggingface-fields.ts';
import { ropeConfig, ropeSchema, ropeToJson } from './huggingface-rope.ts';

/** Defaults of transformers' LlamaConfig, MistralConfig and Qwen2Config. */
const COMMON = {
  hidden_size: 4096,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  rms_norm_eps: 1e-6,
  initializer_range: 0.02,
  tie_word_embeddings: false,
};
const DEFAULTS = {
  llama: {
    ...COMMON,
    vocab_size: 32000,
    intermediate_size: 11008,
    max_position_embeddings: 2048,
    bos_token_id: 1,
    eos_token_id: 2,
  },
  mistral: {
    ...COMMON,
    vocab_size: 32000,
    intermediate_size: 14336,
    num_key_value_heads: 8,
    max_position_embeddings: 131072,
    sliding_window: 4096,
    bos_token_id: 1,
    eos_token_id: 2,
  },
  qwen2: {
    ...COMMON,
    vocab_size: 151936,
    intermediate_size: 22016,
    num_key_value_heads: 32,
    max_position_embeddings: 32768,
    use_sliding_window: false,
    sliding_window: 4096,
    max_window_layers: 28,
    bos_token_id: null,
    eos_token_id: null,
  },
};

/** Language models that can be read, by `model_type`. */
export const TEXT_TYPES = ['llama', 'mistral', 'qwen2'] as const;

/** `text_config`. */
export const textSchema = z.preprocess(
  (given) => withDefaults(given ?? {}, DEFAULTS),
  z.looseObject({
    model_type: z.enum(TEXT_TYPES),
    vocab_size: positive,
    hidden_size: positive,
    intermediate_size: positive,
    num_hidden_layers: positive,
    num_attention_heads: positive,
    num_key_value_heads: positive.nullish(),
    head_dim: positive.nullish(),
    hidden_act: only('silu', 'the decoder is a SwiGLU one'),
    max_position_embeddings: positive,
    rms_norm_eps: scale,
    rope_theta: scale.nullish(),
    rope_parameters: ropeSchema.nullish(),
    rope_scaling: ropeSchema.nullish(),
    original_max_position_embeddings: positive.nullish(),
    partial_rotary_factor: only(1, 'rotary positions over part of a head are not supported'),
    attention_bias: z.boolean().nullish(),
    mlp_bias: z.boolean().nullish(),
    attention_dropout: only(0, 'dropout in attention is not supported'),
    sliding_window: positive.nullish(),
    use_sliding_window: z.boolean().nullish(),
    max_window_layers: z.number().int().nullish(),
    layer_types: z.array(z.string()).nullish(),
    tie_word_embeddings: z.boolean(),
    bos_token_id: tokenId.nullable(),
    eos_token_id: z.union([tokenId, z.array(tokenId)], 'must be a token id or a list of them').nullable(),
    pad_token_id: tokenId.nullish(),
    initializer_range: scale,
  }),
);
type TextJson = z.output<typeof textSchema>;

const SLIDING = 'sliding_attention';

/** Whether some layers see no further back than `sliding_window`, by the rules of each family's class in transformers. */
function slides({ model_type: type, layer_types: types, ...json }: TextJson): boolean {
  if (type === 'llama') return false;
  if (type === 'mistral') return typeof json.sliding_window === 'number';
  if (types) return types.includes(SLIDING);
  const first = json.max_window_layers ?? 0;
  return json.use_sliding_window === true && typeof json.sliding_window === 'number' && first < json.num_hidden_layers;
}

/** A window is taken where no row the model is made for is longer. @throws InputError otherwise */
function checkWindow(json: TextJson, file: string): void {
  if (!slides(json)) return;
  const { max_position_embeddings: longest, sliding_window: window } = json;
  if (typeof window === 'number' && window >= longest) return;
  const isQwen = json.model_type === 'qwen2';
  const field = isQwen ? (json.layer_types ? 'layer_types' : 'use_sliding_window') : 'sliding_window';
  const wanted = isQwen ? (json.layer_types ? 'full_attention throughout' : 'false') : 'null';
  throw new InputError({
    file,
    field: `text_config.${field}`,
    value: json[field],
    rule: `must be ${wanted}: attention over a sliding window of ${window ?? 'no size'} is not supported, below max_position_embeddings (${longest})`,
  });
}

function biases(json: TextJson): Pick<TextConfig, 'attentionBias' | 'mlpBias'> {
  if (json.model_type === 'qwen2') return { attentionBias: 'qkv', mlpBias: false };
  const isLlama = json.model_type === 'llama';
  return {
    attentionBias: isLlama && json.attention_bias ? 'all' : 'none',
    mlpBias: isLlama && json.mlp_bias === true,
  };
}

/**
 * @param padTokenId the file may have it at its top level
 * @param tieWordEmbeddings as either level of the file says
 * @throws InputError for sliding windows and rotary settings that contradict each other
 */
export function textConfig(
  json: TextJson,
  { padTokenId, tieWordEmbeddings }: Pick<TextConfig, 'padTokenId' | 'tieWordEmbeddings'>,
  file: string,
): TextConfig {
  checkWindow(json, file);
  return {
    family: json.model_type,
    hiddenSize: json.hidden_size,
    intermediateSize: json.intermediate_size,
    layers: json.num_hidden_layers,
    heads: json.num_attention_heads,
    kvHeads: json.num_key_value_heads ?? json.num_attention_heads,
    headDim: json.head_dim ?? Math.floor(json.hidden_size / json.num_attention_heads),
    vocabSize: json.vocab_size,
    rmsNormEps: json.rms_norm_eps,
    ...ropeConfig(json, file),
    maxPositions: json.max_position_embeddings,
    ...biases(json),
    tieWordEmbeddings,
    bosTokenId: json.bos_token_id,
    eosTokenIds: [json.eos_token_id ?? []].flat(),
    padTokenId,
    initializerRange: json.initializer_range,
  };
}

/** One id, a list of several, or null, as transformers writes the tokens that end a text. */
export function eosToJson({ eosTokenIds: ids }: TextConfig): number | readonly number[] | null {
  return ids.length > 1 ? ids : (ids[0] ?? null);
}

/** Keys that not every family has. A window that never matters is not written. */
function ownKeys({ family, attentionBias, mlpBias }: TextConfig): Record<string, unknown> {
  if (family === 'llama') return { attention_bias: attentionBias === 'all', mlp_bias: mlpBias };
  return family === 'mistral' ? { sliding_window: null } : { use_sliding_window: false, sliding_window: null };
}

/** The content of `text_config`. */
export function textToJson(text: TextConfig): Record<string, unknown> {
  return {
    model_type: text.family,
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
    ...ropeToJson(text),
    ...ownKeys(text),
    attention_dropout: 0,
    tie_word_embeddings: text.tieWordEmbeddings,
    bos_token_id: text.bosTokenId,
    eos_token_id: eosToJson(text),
    pad_token_id: text.padTokenId,
    initializer_range: text.initializerRange,
  };
}
