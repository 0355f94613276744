import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { visionLayersUsed, visualTokensPerImage } from '../../../../src/main/engine/model/config.ts';
import {
  formatHuggingFaceConfig,
  parseLlavaConfig,
  toHuggingFaceConfig,
} from '../../../../src/main/engine/model/huggingface-config.ts';
import { parameterCount } from '../../../../src/main/engine/model/parameter-shapes.ts';

type Json = Record<string, unknown>;

const golden = JSON.parse(
  readFileSync(new URL('../../../golden/clip-llama/config.json', import.meta.url), 'utf8'),
) as Json & {
  text_config: Json;
  vision_config: Json;
};
const parse = (json: unknown): ReturnType<typeof parseLlavaConfig> => parseLlavaConfig(json, 'config.json');
const withText = (changes: Json): Json => ({ ...golden, text_config: { ...golden.text_config, ...changes } });
const withVision = (changes: Json): Json => ({ ...golden, vision_config: { ...golden.vision_config, ...changes } });

/** LLaVA-1.5-7B as transformers 4 wrote it: only what differs from the defaults of the parts. */
const llava7b = {
  architectures: ['LlavaForConditionalGeneration'],
  image_token_index: 32000,
  model_type: 'llava',
  pad_token_id: 32001,
  projector_hidden_act: 'gelu',
  text_config: {
    architectures: ['LlamaForCausalLM'],
    max_position_embeddings: 4096,
    model_type: 'llama',
    rms_norm_eps: 1e-5,
    torch_dtype: 'float16',
    vocab_size: 32064,
  },
  tie_word_embeddings: false,
  torch_dtype: 'float16',
  vision_config: {
    hidden_size: 1024,
    image_size: 336,
    intermediate_size: 4096,
    model_type: 'clip_vision_model',
    num_attention_heads: 16,
    num_hidden_layers: 24,
    patch_size: 14,
    projection_dim: 768,
    vocab_size: 32000,
  },
  vision_feature_layer: -2,
  vision_feature_select_strategy: 'default',
};

describe('reading config.json', () => {
  it('reads what transformers 5 writes', () => {
    expect(parse(golden)).toEqual({
      vision: {
        family: 'clip',
        hiddenSize: 32,
        intermediateSize: 64,
        layers: 3,
        heads: 4,
        imageSize: 56,
        patchSize: 7,
        activation: 'quick_gelu',
        layerNormEps: 1e-5,
        initializerRange: 0.02,
        initializerFactor: 1,
      },
      text: {
        hiddenSize: 64,
        intermediateSize: 128,
        layers: 6,
        heads: 4,
        kvHeads: 2,
        headDim: 16,
        vocabSize: 608,
        rmsNormEps: 1e-5,
        ropeTheta: 10000,
        maxPositions: 1024,
        tieWordEmbeddings: false,
        bosTokenId: 1,
        eosTokenId: 2,
        padTokenId: 600,
        initializerRange: 0.02,
      },
      featureLayer: -2,
      featureSelect: 'default',
      imageTokenId: 599,
      projectorActivation: 'gelu',
      projectorBias: true,
    });
  });

  it('fills missing keys as transformers does: LLaVA-1.5-7B has 7.06 billion weights and 576 visual tokens', () => {
    const config = parse(llava7b);
    expect(config.text).toMatchObject({ hiddenSize: 4096, layers: 32, kvHeads: 32, headDim: 128, padTokenId: 32001 });
    expect(visualTokensPerImage(config)).toBe(576);
    expect(parameterCount(config)).toBe(7_063_427_072);
    const { vision_config: _, ...withoutVision } = llava7b;
    expect(parse(withoutVision)).toEqual(config);
  });

  it('finds the rotary base in both places, and takes a standard scaling entry', () => {
    const { rope_parameters: _, ...text } = golden.text_config;
    expect(parse({ ...golden, text_config: { ...text, rope_theta: 5e5, rope_scaling: null } }).text.ropeTheta).toBe(
      5e5,
    );
    expect(
      parse(withText({ rope_parameters: { rope_theta: 7 }, rope_scaling: { type: 'default' } })).text.ropeTheta,
    ).toBe(7);
    expect(parse({ ...golden, text_config: text }).text.ropeTheta).toBe(10000);
  });

  it('ties the embeddings where either level says so', () => {
    expect(parse(withText({ tie_word_embeddings: true })).text.tieWordEmbeddings).toBe(true);
    expect(parse({ ...golden, tie_word_embeddings: true }).text.tieWordEmbeddings).toBe(true);
  });

  it('counts the class token only where it is kept', () => {
    expect(visualTokensPerImage(parse(golden))).toBe(64);
    expect(visualTokensPerImage(parse({ ...golden, vision_feature_select_strategy: 'full' }))).toBe(65);
  });

  it.each([
    [-1, 3],
    [-2, 2],
    [-4, 0],
    [0, 0],
    [3, 3],
  ])('feature layer %i of a 3-layer tower runs %i layers', (layer, used) => {
    expect(visionLayersUsed(parse({ ...golden, vision_feature_layer: layer }))).toBe(used);
  });
});

describe('refusing what is not supported, by name', () => {
  it.each<[string, Json, string]>([
    ['another model', { ...golden, model_type: 'llava_next' }, 'config.json: model_type: must be "llava"'],
    [
      'the authors’ own layout',
      { ...golden, architectures: ['LlavaLlamaForCausalLM'] },
      'architectures: must name LlavaFor',
    ],
    [
      'SigLIP',
      withVision({ model_type: 'siglip_vision_model' }),
      'vision_config.model_type: must be "clip_vision_model": CLIP is',
    ],
    ['Qwen2', withText({ model_type: 'qwen2' }), 'text_config.model_type: must be "llama": LLaMA is'],
    [
      'rope scaling (old)',
      withText({ rope_scaling: { type: 'linear', factor: 2 } }),
      'text_config.rope_scaling.type: must be "default": rope scaling is not supported (found "linear")',
    ],
    [
      'rope scaling (new)',
      withText({ rope_parameters: { rope_type: 'llama3' } }),
      'rope_parameters.rope_type: must be "default"',
    ],
    [
      'partial rotation',
      withText({ rope_parameters: { partial_rotary_factor: 0.5 } }),
      'partial_rotary_factor: must be 1',
    ],
    ['another gate', withText({ hidden_act: 'gelu' }), 'text_config.hidden_act: must be "silu"'],
    [
      'attention bias',
      withText({ attention_bias: true }),
      'text_config.attention_bias: must be false: bias in attention',
    ],
    ['feed-forward bias', withText({ mlp_bias: true }), 'text_config.mlp_bias: must be false'],
    ['dropout', withText({ attention_dropout: 0.1 }), 'text_config.attention_dropout: must be 0'],
    ['grey images', withVision({ num_channels: 1 }), 'vision_config.num_channels: must be 3: images are RGB'],
    [
      'another activation',
      withVision({ hidden_act: 'relu' }),
      'vision_config.hidden_act: must be one of quick_gelu, gelu, gelu_pytorch_tanh',
    ],
    [
      'several feature layers',
      { ...golden, vision_feature_layer: [-2, -5] },
      'vision_feature_layer: must be one integer',
    ],
    ['a linear projector', { ...golden, projector_hidden_act: 'relu' }, 'projector_hidden_act: must be "gelu"'],
    ['quantised weights', { ...golden, quantization_config: { bits: 4 } }, 'quantization_config: must be absent'],
    ['several end tokens', withText({ eos_token_id: [1, 2] }), 'text_config.eos_token_id: must be one token id'],
  ])('%s', (_, json, message) => {
    expect(() => parse(json)).toThrow(message);
  });

  it.each<[string, unknown, string]>([
    ['not an object', 'text', 'config.json: must be a group of fields'],
    ['a size of 0', withText({ hidden_size: 0 }), 'text_config.hidden_size: must be 1 or more (found 0)'],
    [
      'a size as text',
      withText({ hidden_size: '64' }),
      'text_config.hidden_size: must be a finite number (found "64")',
    ],
    [
      'patches that do not fit',
      withVision({ patch_size: 9 }),
      'vision_config.image_size: must be a multiple of patch_size (9)',
    ],
    [
      'heads that do not fit',
      withVision({ num_attention_heads: 5 }),
      'vision_config.hidden_size: must be a multiple of',
    ],
    [
      'key heads that do not fit',
      withText({ num_key_value_heads: 3 }),
      'num_attention_heads: must be a multiple of num_key',
    ],
    ['an odd head width', withText({ head_dim: 15 }), 'text_config.head_dim: must be even'],
    [
      'a feature layer too deep',
      { ...golden, vision_feature_layer: -5 },
      'vision_feature_layer: must be between -4 and 3',
    ],
    [
      'an image token outside',
      { ...golden, image_token_index: 608 },
      'image_token_index: must be below text_config.vocab_size (608)',
    ],
    [
      'two rotary bases',
      withText({ rope_theta: 5 }),
      'rope_theta: must equal rope_parameters.rope_theta (10000) (found 5)',
    ],
    ['two image tokens', { ...golden, image_token_id: 5 }, 'image_token_index: must equal image_token_id (5)'],
  ])('%s', (_, json, message) => {
    expect(() => parse(json)).toThrow(message);
  });
});

describe('writing config.json', () => {
  it('gives the same config back', () => {
    for (const json of [golden, llava7b, withText({ tie_word_embeddings: true, bos_token_id: null })]) {
      const config = parse(json);
      expect(parse(JSON.parse(formatHuggingFaceConfig(config)))).toEqual(config);
    }
  });

  it('writes every key of the reference file alike, but for its version and mere run-time settings', () => {
    const written = toHuggingFaceConfig(parse(golden));
    const { transformers_version: _, text_config, vision_config, ...top } = golden;
    const { pretraining_tp: __, use_cache: ___, ...text } = text_config;
    expect(written).toMatchObject({ ...top, text_config: text, vision_config });
  });

  it('writes whole-number floats as floats, without which transformers refuses the file', () => {
    const text = formatHuggingFaceConfig(parse(golden));
    expect(text).toContain('"rope_theta": 10000.0');
    expect(text).toContain('"initializer_factor": 1.0');
    expect(text).toContain('"hidden_size": 64,');
    expect(text).not.toMatch(/"(attention_dropout|initializer_\w+|\w+_eps|rope_theta)": \d+[,\n]/);
  });
});
