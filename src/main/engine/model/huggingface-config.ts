import { z } from 'zod';
import { InputError } from '../../../shared/errors.ts';
import { visualTokensPerImage } from './config.ts';
import type { LlavaConfig } from './config.ts';
import { absent, only, tokenId } from './huggingface-fields.ts';
import { textConfig, textSchema, textToJson } from './huggingface-text.ts';
import { visionConfig, visionSchema, visionToJson } from './huggingface-vision.ts';
import { refuseOriginal } from './original-layout.ts';
import { validate } from './validate.ts';

// Transformers' config.json of a LlavaForConditionalGeneration. Missing keys take the defaults of LlavaConfig there.

const llavaSchema = z.looseObject({
  architectures: z
    .array(z.string())
    .refine((names) => names.includes('LlavaForConditionalGeneration'), {
      error: 'must name LlavaForConditionalGeneration',
    })
    .nullish(),
  model_type: z.custom<'llava'>((given) => given === 'llava', {
    error: 'must be "llava": only LlavaForConditionalGeneration can be opened',
  }),
  vision_config: visionSchema,
  text_config: textSchema,
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
  quantization_config: absent('quantised weights are not supported'),
  // The weights say themselves which type they have; both spellings are only checked to be text.
  dtype: z.string().nullish(),
  torch_dtype: z.string().nullish(),
});

type LlavaJson = z.output<typeof llavaSchema>;

function llavaConfig(json: LlavaJson, file: string): LlavaConfig {
  const { text_config: text } = json;
  const shared = {
    padTokenId: text.pad_token_id ?? json.pad_token_id ?? null,
    // transformers ties where either level says so.
    tieWordEmbeddings: text.tie_word_embeddings || json.tie_word_embeddings === true,
  };
  return {
    vision: visionConfig(json.vision_config),
    text: textConfig(text, shared, file),
    featureLayer: json.vision_feature_layer,
    featureSelect: json.vision_feature_select_strategy,
    imageTokenId: json.image_token_index ?? json.image_token_id ?? 32000,
    projectorActivation: 'gelu',
    projectorBias: json.multimodal_projector_bias,
  };
}

/** Rules between fields, which the schemas cannot see. Throws an `InputError` under transformers' names. */
function checkTogether(config: LlavaConfig, file: string): void {
  const { vision, text, featureLayer } = config;
  const must = (holds: boolean, field: string, value: unknown, rule: string): void => {
    if (!holds) throw new InputError({ file, field, value, rule });
  };
  const divides = (size: number, field: string, parts: number, by: string): void =>
    must(size % parts === 0, field, size, `must be a multiple of ${by} (${parts})`);
  must(
    vision.patchSize <= vision.imageSize,
    'vision_config.patch_size',
    vision.patchSize,
    `must not be more than image_size (${vision.imageSize})`,
  );
  divides(vision.hiddenSize, 'vision_config.hidden_size', vision.heads, 'num_attention_heads');
  divides(text.heads, 'text_config.num_attention_heads', text.kvHeads, 'num_key_value_heads');
  // NTK scaling spreads its change over all pairs but the first.
  const narrowest = text.ropeScaling.type === 'dynamic' ? 4 : 2;
  must(
    text.headDim >= narrowest && text.headDim % 2 === 0,
    'text_config.head_dim',
    text.headDim,
    `must be even and ${narrowest} or more, for rotary positions`,
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
  for (const id of text.eosTokenIds) inVocabulary(id, 'text_config.eos_token_id');
  inVocabulary(text.padTokenId, 'text_config.pad_token_id');
}

/** Two spellings of one setting must not disagree: transformers' versions would differ in which they believe. */
function checkSpellings({ image_token_index: index, image_token_id: id }: LlavaJson, file: string): void {
  if (index === undefined || id === undefined || index === id) return;
  throw new InputError({ file, field: 'image_token_index', value: index, rule: `must equal image_token_id (${id})` });
}

/**
 * Reads transformers' config.json of a LlavaForConditionalGeneration with a CLIP or SigLIP tower and a LLaMA, Mistral or
 * Qwen2 decoder. Missing keys take transformers' defaults. Throws an `InputError` that names the field for whatever is
 * malformed or not supported (other model types, sliding windows, other rotary scalings, several feature layers).
 *
 * @param json the parsed file
 * @param file its name, for messages
 */
export function parseLlavaConfig(json: unknown, file: string): LlavaConfig {
  refuseOriginal(json, file);
  const parsed = validate(llavaSchema, json, file);
  checkSpellings(parsed, file);
  const config = llavaConfig(parsed, file);
  checkTogether(config, file);
  return config;
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
  'factor',
  'high_freq_factor',
  'initializer_factor',
  'initializer_range',
  'layer_norm_eps',
  'low_freq_factor',
  'rms_norm_eps',
  'rope_theta',
];
const INTEGER_AT_FLOAT_KEY = new RegExp(`("(?:${FLOAT_KEYS.join('|')})": -?\\d+)(?=,?$)`, 'gm');

/** The text of config.json: `toHuggingFaceConfig` with whole-number floats written as `1.0`, which JSON.stringify cannot. */
export function formatHuggingFaceConfig(config: LlavaConfig): string {
  return `${JSON.stringify(toHuggingFaceConfig(config), null, 2).replace(INTEGER_AT_FLOAT_KEY, '$1.0')}\n`;
}
