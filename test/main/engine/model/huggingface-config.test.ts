import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { visionLayersUsed, visualTokensPerImage } from '../../../../src/main/engine/model/config.ts';
import {
  formatHuggingFaceConfig,
  parseLlavaConfig,
  toHuggingFaceConfig,
} from '../../../../src/main/engine/model/huggingface-config.ts';
import { parameterCount } from '../../../helpers/parameter-count.ts';

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
        family: 'llama',
        hiddenSize: 64,
        intermediateSize: 128,
        layers: 6,
        heads: 4,
        kvHeads: 2,
        headDim: 16,
        vocabSize: 608,
        rmsNormEps: 1e-5,
        ropeTheta: 10000,
        ropeScaling: { type: 'default' },
        maxPositions: 1024,
        attentionBias: 'none',
        mlpBias: false,
        tieWordEmbeddings: false,
        bosTokenId: 1,
        eosTokenIds: [2],
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
    const both = { rope_parameters: { rope_theta: 7 }, rope_scaling: { type: 'default', rope_theta: 7 } };
    expect(parse(withText(both)).text.ropeTheta).toBe(7);
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

/** Files that transformers wrote, by case of test/golden/families. */
const family = (name: string): Json & { text_config: Json; vision_config: Json } =>
  JSON.parse(
    readFileSync(new URL(`../../../golden/families/${name}/model/config.json`, import.meta.url), 'utf8'),
  ) as Json & {
    text_config: Json;
    vision_config: Json;
  };
const FAMILIES = ['siglip-qwen2', 'siglip-llama-dynamic', 'clip-mistral-llama3', 'clip-qwen2-linear'];

describe('families', () => {
  it('SigLIP has no class token: one visual token a patch, and one less by the default strategy', () => {
    const config = parse(family('siglip-qwen2'));
    expect(config.vision).toMatchObject({ family: 'siglip', hasHead: true, activation: 'gelu_pytorch_tanh' });
    expect(visualTokensPerImage(config)).toBe(16); // 18 pixels hold four whole patches of 4
    expect(visualTokensPerImage(parse(family('siglip-llama-dynamic')))).toBe(15);
    expect(parse(family('siglip-llama-dynamic')).vision).toMatchObject({ hasHead: false });
    expect(visualTokensPerImage(parse(family('clip-mistral-llama3')))).toBe(17);
  });

  it('each has its biases and its end tokens', () => {
    const [qwen, llama, mistral] = FAMILIES.map((name) => parse(family(name)).text);
    expect(qwen).toMatchObject({ family: 'qwen2', attentionBias: 'qkv', mlpBias: false, eosTokenIds: [2, 3, 4] });
    expect(llama).toMatchObject({ family: 'llama', attentionBias: 'all', mlpBias: true, eosTokenIds: [2] });
    expect(mistral).toMatchObject({ family: 'mistral', attentionBias: 'none', mlpBias: false, headDim: 12 });
    expect(parse(withText({ eos_token_id: null })).text.eosTokenIds).toEqual([]);
  });

  it('missing keys take the defaults of the family', () => {
    const { text: qwen } = parse({ ...golden, image_token_index: 5, text_config: { model_type: 'qwen2' } });
    expect(qwen).toMatchObject({ vocabSize: 151936, intermediateSize: 22016, kvHeads: 32, maxPositions: 32768 });
    expect(qwen).toMatchObject({ bosTokenId: null, eosTokenIds: [] });
    const mistralJson = { model_type: 'mistral', sliding_window: null };
    const { text: mistral } = parse({ ...golden, image_token_index: 5, text_config: mistralJson });
    expect(mistral).toMatchObject({ intermediateSize: 14336, kvHeads: 8, maxPositions: 131072, eosTokenIds: [2] });
    const { vision } = parse({ ...golden, vision_config: { model_type: 'siglip_vision_model' } });
    expect(vision).toMatchObject({ patchSize: 16, imageSize: 224, layerNormEps: 1e-6, hasHead: true });
  });
});

describe('rotary scaling', () => {
  const { rope_parameters: _, ...bare } = golden.text_config;
  const scalingOf = (text: Json): unknown => {
    const { ropeTheta, ropeScaling } = parse({ ...golden, text_config: { ...bare, ...text } }).text;
    return { ropeTheta, ropeScaling };
  };
  const llama3 = { factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };
  const expected = { type: 'llama3', factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4 };

  it('is read in both spellings', () => {
    const old = scalingOf({ rope_theta: 5e5, rope_scaling: { rope_type: 'llama3', ...llama3 } });
    expect(old).toEqual({ ropeTheta: 5e5, ropeScaling: { ...expected, originalMaxPositions: 8192 } });
    expect(scalingOf({ rope_parameters: { rope_theta: 5e5, rope_type: 'llama3', ...llama3 } })).toEqual(old);
    for (const type of ['linear', 'dynamic']) {
      const found = { ropeTheta: 10000, ropeScaling: { type, factor: 2.5 } };
      expect(scalingOf({ rope_scaling: { type, factor: 2.5 } })).toEqual(found);
      expect(scalingOf({ rope_parameters: { rope_type: type, factor: 2.5 } })).toEqual(found);
    }
  });

  it('of Llama 3 takes the first training’s length from the model’s where the file has none', () => {
    const { original_max_position_embeddings: __, ...without } = llama3;
    const ropeScaling = { ...expected, originalMaxPositions: 1024 };
    expect(scalingOf({ rope_scaling: { rope_type: 'llama3', ...without } })).toMatchObject({ ropeScaling });
    const outside = { original_max_position_embeddings: 77, rope_scaling: { rope_type: 'llama3', ...llama3 } };
    expect(scalingOf(outside)).toMatchObject({ ropeScaling: { originalMaxPositions: 77 } });
  });

  it('may be written twice where both say the same', () => {
    const scaling = { rope_type: 'linear', factor: 2 };
    const twice = { rope_theta: 100, rope_scaling: scaling, rope_parameters: { rope_theta: 100, ...scaling } };
    expect(scalingOf(twice)).toEqual({ ropeTheta: 100, ropeScaling: { type: 'linear', factor: 2 } });
  });
});

describe('sliding windows', () => {
  const mistral = { model_type: 'mistral', attention_bias: undefined, mlp_bias: undefined };
  const qwen = { model_type: 'qwen2', use_sliding_window: true, sliding_window: 1023, max_window_layers: 5 };

  it.each<[string, Json]>([
    ['Mistral without one', { ...mistral, sliding_window: null }],
    ['Mistral with one as long as its rows', { ...mistral, sliding_window: 1024 }],
    ['Qwen2 that does not use it', { ...qwen, use_sliding_window: false }],
    ['Qwen2 with one as long as its rows', { ...qwen, sliding_window: 1024 }],
    ['Qwen2 of whose layers none slides', { ...qwen, max_window_layers: 6 }],
    ['LLaMA, which knows none', { sliding_window: 10 }],
  ])('%s is taken', (_, text) => {
    expect(parse(withText(text)).text.layers).toBe(6);
  });

  it.each<[string, Json, string]>([
    ['Mistral with a shorter one', { ...mistral, sliding_window: 1023 }, 'text_config.sliding_window: must be null: '],
    [
      'Mistral with transformers’ default',
      { ...mistral, max_position_embeddings: 8192 },
      'must be null: attention over a sliding window of 4096 is not supported, below max_position_embeddings (8192)',
    ],
    ['Qwen2 with a shorter one', qwen, 'text_config.use_sliding_window: must be false: attention over a sliding'],
    [
      'Qwen2 by layer',
      { ...qwen, layer_types: ['full_attention', 'sliding_attention'] },
      'text_config.layer_types: must be full_attention throughout',
    ],
  ])('%s is refused', (_, text, message) => {
    expect(() => parse(withText(text))).toThrow(message);
  });
});

describe('refusing what is not supported, by name', () => {
  it.each<[string, Json, string]>([
    ['another model', { ...golden, model_type: 'llava_next' }, 'config.json: model_type: must be "llava"'],
    [
      'the authors’ own layout',
      { ...golden, architectures: ['LlavaLlamaForCausalLM'] },
      'Convert it once: llavolta export',
    ],
    [
      'another class',
      { ...golden, architectures: ['LlavaMptForCausalLM'] },
      'architectures: must name LlavaForConditionalGeneration',
    ],
    [
      'another tower',
      withVision({ model_type: 'dinov2' }),
      'vision_config.model_type: must be one of clip_vision_model, siglip_vision_model (found "dinov2")',
    ],
    [
      'another language model',
      withText({ model_type: 'gemma' }),
      'text_config.model_type: must be one of llama, mistral, qwen2 (found "gemma")',
    ],
    [
      'another rope scaling (old)',
      withText({ rope_scaling: { type: 'yarn', factor: 2 } }),
      'text_config.rope_scaling.type: must be one of default, linear, dynamic, llama3 (found "yarn")',
    ],
    [
      'another rope scaling (new)',
      withText({ rope_parameters: { rope_type: 'longrope' } }),
      'text_config.rope_parameters.rope_type: must be one of default, linear, dynamic, llama3',
    ],
    [
      'rope by layer',
      withText({ rope_parameters: { full_attention: { rope_type: 'default' } } }),
      'text_config.rope_parameters.full_attention: must be absent: rotary settings that differ between layers',
    ],
    [
      'partial rotation beside the scaling',
      withText({ partial_rotary_factor: 0.5 }),
      'text_config.partial_rotary_factor: must be 1',
    ],
    [
      'partial rotation',
      withText({ rope_parameters: { partial_rotary_factor: 0.5 } }),
      'partial_rotary_factor: must be 1',
    ],
    ['another gate', withText({ hidden_act: 'gelu' }), 'text_config.hidden_act: must be "silu"'],
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
      'a patch larger than the image',
      withVision({ patch_size: 57 }),
      'vision_config.patch_size: must not be more than image_size (56)',
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
    [
      'two rotary scalings',
      withText({ rope_scaling: { type: 'linear', factor: 2 } }),
      'text_config.rope_scaling: must equal rope_parameters ({"rope_theta":10000,"rope_type":"default"})',
    ],
    [
      'scaling without its factor',
      withText({ rope_scaling: { type: 'dynamic' } }),
      'text_config.rope_scaling.factor: is missing: dynamic scaling needs a number',
    ],
    [
      'a factor below 1',
      withText({ rope_scaling: { type: 'linear', factor: 0.5 } }),
      'text_config.rope_scaling.factor: must be 1 or more',
    ],
    ['an end token as text', withText({ eos_token_id: '</s>' }), 'eos_token_id: must be a token id or a list of them'],
    [
      'an end token outside',
      withText({ eos_token_id: [2, 608] }),
      'eos_token_id: must be below text_config.vocab_size',
    ],
    ['two image tokens', { ...golden, image_token_id: 5 }, 'image_token_index: must equal image_token_id (5)'],
  ])('%s', (_, json, message) => {
    expect(() => parse(json)).toThrow(message);
  });
});

describe('writing config.json', () => {
  it('gives the same config back', () => {
    const ours = [golden, llava7b, withText({ tie_word_embeddings: true, bos_token_id: null, eos_token_id: null })];
    for (const json of [...ours, ...FAMILIES.map(family)]) {
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

  // image_seq_length is left to its default by who makes a config; layer_types and max_window_layers follow from the rest.
  it.each(FAMILIES)('writes what transformers wrote for %s', (name) => {
    const { transformers_version: _, image_seq_length: __, text_config, vision_config, ...top } = family(name);
    const runtime = ['pretraining_tp', 'use_cache', 'layer_types', 'max_window_layers'];
    const text = Object.fromEntries(Object.entries(text_config).filter(([key]) => !runtime.includes(key)));
    const { projection_dim: ___, ...vision } = vision_config;
    expect(toHuggingFaceConfig(parse(family(name)))).toMatchObject({
      ...top,
      text_config: text,
      vision_config: vision,
    });
  });

  it('writes a scaling in both spellings', () => {
    const { text_config: text } = toHuggingFaceConfig(parse(family('clip-qwen2-linear'))) as { text_config: Json };
    expect(text).toMatchObject({
      rope_theta: 100,
      rope_scaling: { rope_type: 'linear', factor: 3 },
      rope_parameters: { rope_theta: 100, rope_type: 'linear', factor: 3 },
    });
    expect(formatHuggingFaceConfig(parse(family('clip-qwen2-linear')))).toContain('"factor": 3.0');
  });

  it('writes whole-number floats as floats, without which transformers refuses the file', () => {
    const text = formatHuggingFaceConfig(parse(golden));
    expect(text).toContain('"rope_theta": 10000.0');
    expect(text).toContain('"initializer_factor": 1.0');
    expect(text).toContain('"hidden_size": 64,');
    expect(text).not.toMatch(/"(attention_dropout|initializer_\w+|\w+_eps|rope_theta)": \d+[,\n]/);
  });
});
