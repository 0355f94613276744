import { describe, expect, it } from 'vitest';
import { convertedConfig, parseOriginalConfig } from '../../../../../src/main/engine/export/original/config.ts';
import { paddedVocabulary } from '../../../../../src/main/engine/export/original/vocabulary.ts';

/** The config.json of LLaVA 1.5 with 7 billion weights, as its authors wrote it. */
const LLAVA_7B = {
  architectures: ['LlavaLlamaForCausalLM'],
  bos_token_id: 1,
  eos_token_id: 2,
  freeze_mm_mlp_adapter: false,
  hidden_act: 'silu',
  hidden_size: 4096,
  image_aspect_ratio: 'pad',
  image_grid_pinpoints: null,
  initializer_range: 0.02,
  intermediate_size: 11008,
  max_length: 4096,
  max_position_embeddings: 4096,
  mm_hidden_size: 1024,
  mm_projector_type: 'mlp2x_gelu',
  mm_resampler_type: null,
  mm_use_im_patch_token: false,
  mm_use_im_start_end: false,
  mm_vision_select_feature: 'patch',
  mm_vision_select_layer: -2,
  mm_vision_tower: 'openai/clip-vit-large-patch14-336',
  model_type: 'llava',
  num_attention_heads: 32,
  num_hidden_layers: 32,
  num_key_value_heads: 32,
  pad_token_id: 0,
  pretraining_tp: 1,
  rms_norm_eps: 1e-5,
  rope_scaling: null,
  tie_word_embeddings: false,
  torch_dtype: 'float16',
  tune_mm_mlp_adapter: false,
  unfreeze_mm_vision_tower: false,
  use_cache: true,
  use_mm_proj: true,
  vocab_size: 32000,
};

const TOWER = {
  model_type: 'clip_vision_model',
  hidden_size: 1024,
  intermediate_size: 4096,
  num_hidden_layers: 24,
  num_attention_heads: 16,
  image_size: 336,
  patch_size: 14,
};
const SIGLIP = { ...TOWER, model_type: 'siglip_vision_model' };
const ADDED = { vocabSize: 32064, imageTokenId: 32000, padTokenId: 32001 };

const convert = (changes: object = {}, tower: Record<string, unknown> = TOWER): ReturnType<typeof convertedConfig> =>
  convertedConfig(parseOriginalConfig({ ...LLAVA_7B, ...changes }, 'config.json'), tower, ADDED);

describe("a config.json of the LLaVA authors' layout", () => {
  it('becomes that of the conversion that transformers has of LLaVA 1.5', () => {
    expect(convert()).toMatchObject({
      vision: { family: 'clip', layers: 24, hiddenSize: 1024, imageSize: 336, activation: 'quick_gelu' },
      text: { family: 'llama', layers: 32, vocabSize: 32064, padTokenId: 32001, rmsNormEps: 1e-5, maxPositions: 4096 },
      ...{ featureLayer: -2, featureSelect: 'default', imageTokenId: 32000, projectorBias: true },
    });
  });

  it('takes every token of a SigLIP tower, which has no class token to leave out', () => {
    expect(convert({}, SIGLIP).featureSelect).toBe('full');
  });

  it.each([
    ['LlavaMistralForCausalLM', 'mistral', 'none'],
    ['LlavaQwenForCausalLM', 'qwen2', 'qkv'],
  ])('of %s has a decoder of %s', (name, family, attentionBias) => {
    const decoder = { architectures: [name], model_type: 'llava', sliding_window: null };
    expect(convert(decoder).text).toMatchObject({ family, attentionBias });
  });
});

describe('the rows of the tables', () => {
  it.each([
    ['LLaMA with <image> and <pad>', 32000, 32002, 32064],
    ['Qwen2, which has rows to spare', 151936, 151648, 151936],
    ['as many as there are', 64, 64, 64],
    ['more tokens than rows', 64, 65, 128],
  ])('%s', (_, rows, tokens, padded) => {
    expect(paddedVocabulary(rows, tokens)).toBe(padded);
  });
});
