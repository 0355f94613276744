import { describe, expect, it } from 'vitest';
import type { ClipVisionConfig } from '../../../../src/main/engine/model/config.ts';
import type { HostTensor } from '../../../../src/main/engine/model/host-tensor.ts';
import { initialiseWeights } from '../../../../src/main/engine/model/initialise.ts';
import { configOfSize, resolveModel } from '../../../../src/main/engine/model/named-size.ts';
import { parameterShapes } from '../../../../src/main/engine/model/parameter-shapes.ts';

const ids = { vocabSize: 500, imageTokenId: 499, bosTokenId: 1, eosTokenId: 2, padTokenId: 3 };
const tiny = configOfSize(resolveModel('tiny'), ids);
// transformers' default range, whatever the named size says.
const config = { ...tiny, text: { ...tiny.text, initializerRange: 0.02 } };
const weights = initialiseWeights(config, 7);

const values = (name: string): Float32Array => {
  const tensor = weights.get(name);
  if (!tensor) throw new Error(`no ${name}`);
  return tensor.data;
};

/** Comparing bytes is far faster than comparing elements. */
const sameBytes = (a?: HostTensor, b?: HostTensor): boolean =>
  a !== undefined && b !== undefined && Buffer.from(a.data.buffer).equals(Buffer.from(b.data.buffer));

function moments(data: Float32Array): { mean: number; std: number } {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  return { mean, std: Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length) };
}

it('has every parameter in its shape', () => {
  expect([...weights].map(([name, { shape }]) => [name, shape])).toEqual([...parameterShapes(config)]);
  for (const { shape, data } of weights.values()) expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
});

describe('the scales are transformers’', () => {
  // CLIPPreTrainedModel._init_weights with width 96, 2 layers, factor 1; PreTrainedModel._init_weights elsewhere.
  it.each([
    ['vision_tower.embeddings.class_embedding', 96 ** -0.5],
    ['vision_tower.embeddings.patch_embedding.weight', 0.02],
    ['vision_tower.embeddings.position_embedding.weight', 0.02],
    ['vision_tower.encoder.layers.1.self_attn.q_proj.weight', 96 ** -0.5 * 4 ** -0.5],
    ['vision_tower.encoder.layers.0.self_attn.out_proj.weight', 96 ** -0.5],
    ['vision_tower.encoder.layers.0.mlp.fc1.weight', 192 ** -0.5],
    ['vision_tower.encoder.layers.0.mlp.fc2.weight', 96 ** -0.5 * 4 ** -0.5],
    ['multi_modal_projector.linear_1.weight', 0.02],
    ['multi_modal_projector.linear_2.weight', 0.02],
    ['language_model.model.layers.3.self_attn.o_proj.weight', 0.02],
    ['language_model.model.layers.0.mlp.down_proj.weight', 0.02],
    ['language_model.lm_head.weight', 0.02],
  ])('%s: standard deviation %d', (name, std) => {
    const data = values(name);
    const found = moments(data);
    // Five standard errors of the estimates.
    expect(Math.abs(found.std / std - 1)).toBeLessThan(5 / Math.sqrt(2 * data.length));
    expect(Math.abs(found.mean)).toBeLessThan((5 * std) / Math.sqrt(data.length));
  });

  it('and another decoder start changes the embeddings and what layers put out, and nothing else', () => {
    const started = initialiseWeights(config, 7, { embeddingRange: 0.4, scaleResidual: true });
    const ratio = (name: string): number => (started.get(name)?.data[1000] ?? NaN) / (values(name)[1000] ?? NaN);
    expect(ratio('language_model.model.embed_tokens.weight')).toBeCloseTo(20, 4);
    expect(ratio('language_model.model.layers.3.self_attn.o_proj.weight')).toBeCloseTo(8 ** -0.5, 5);
    expect(ratio('language_model.model.layers.0.mlp.down_proj.weight')).toBeCloseTo(8 ** -0.5, 5);
    const changed = [...weights.keys()].filter((name) => !sameBytes(started.get(name), weights.get(name)));
    expect(changed.filter((name) => !/embed_tokens|o_proj|down_proj/.test(name))).toEqual([]);
    expect(changed).toHaveLength(1 + 2 * 4);
  });

  it('norms start at 1 and every bias at 0', () => {
    for (const [name, { data }] of weights) {
      if (name.endsWith('.bias'))
        expect(
          data.every((value) => value === 0),
          name,
        ).toBe(true);
      else if (data.length <= 128 && !name.includes('class_embedding'))
        expect(
          data.every((value) => value === 1),
          name,
        ).toBe(true);
      else expect(moments(data).std, name).toBeGreaterThan(0.01);
    }
  });

  it('the padding token’s embedding is zero, the others’ are not', () => {
    const data = values('language_model.model.embed_tokens.weight');
    const isZero = (id: number): boolean => data.subarray(id * 128, (id + 1) * 128).every((value) => value === 0);
    expect([...Array(500).keys()].filter(isZero)).toEqual([3]);
  });
});

describe('a SigLIP tower starts as transformers’ SiglipPreTrainedModel does', () => {
  const { family: _, initializerRange: __, initializerFactor: ___, ...tower } = tiny.vision as ClipVisionConfig;
  const siglip = initialiseWeights({ ...config, vision: { ...tower, family: 'siglip', hasHead: true } }, 7);
  const E = 96;
  const data = (name: string): Float32Array => siglip.get(`vision_tower.${name}`)?.data ?? new Float32Array();

  // Uniform within √(6 / (inputs + outputs)): xavier_uniform_.
  it.each([
    ['encoder.layers.0.self_attn.q_proj.weight', Math.sqrt(6 / (2 * E))],
    ['encoder.layers.1.mlp.fc1.weight', Math.sqrt(6 / (5 * E))],
    ['head.attention.in_proj_weight', Math.sqrt(6 / (4 * E))],
    // [1, 1, E] counts as E inputs and E outputs.
    ['head.probe', Math.sqrt(6 / (2 * E))],
  ])('%s: even within %d', (name, limit) => {
    const values = data(name);
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeLessThanOrEqual(limit);
    expect(largest).toBeGreaterThan(limit * (1 - 10 / values.length));
    expect(Math.abs(moments(values).std / (limit / Math.sqrt(3)) - 1)).toBeLessThan(4 / Math.sqrt(values.length));
  });

  it('patches are normal, cut off at two deviations, of variance 1 / inputs; positions normal of variance 1 / width', () => {
    const patches = data('embeddings.patch_embedding.weight');
    const inputs = 3 * 8 * 8;
    expect(Math.abs(moments(patches).std * Math.sqrt(inputs) - 1)).toBeLessThan(0.02);
    const deviation = inputs ** -0.5 / 0.87962566103423978;
    expect(patches.every((value) => Math.abs(value) <= 2 * deviation)).toBe(true);
    expect(Math.abs(moments(data('embeddings.position_embedding.weight')).std * Math.sqrt(E) - 1)).toBeLessThan(0.05);
  });

  it('norms start at 1; biases at 0, those of the MLPs nearly', () => {
    expect(data('post_layernorm.weight').every((value) => value === 1)).toBe(true);
    expect(data('head.layernorm.weight').every((value) => value === 1)).toBe(true);
    for (const name of ['encoder.layers.0.self_attn.k_proj.bias', 'head.attention.in_proj_bias', 'post_layernorm.bias'])
      expect(data(name).every((value) => value === 0)).toBe(true);
    expect(Math.abs(moments(data('encoder.layers.0.mlp.fc1.bias')).std / 1e-6 - 1)).toBeLessThan(0.2);
  });
});

describe('seeds and streams', () => {
  it('the same seed gives the same weights, another one others', () => {
    const [again, other] = [initialiseWeights(config, 7), initialiseWeights(config, 8)];
    for (const [name, tensor] of weights) {
      expect(sameBytes(tensor, again.get(name)), name).toBe(true);
      const isConstant = tensor.data.every((value) => value === tensor.data[0]);
      expect(sameBytes(tensor, other.get(name)), name).toBe(isConstant);
    }
  });

  it('a deeper model starts with the same weights where both have a tensor of one shape', () => {
    const deeper = initialiseWeights({ ...config, text: { ...config.text, layers: 5, tieWordEmbeddings: true } }, 7);
    expect(deeper.size).toBe(weights.size + 9 - 1);
    for (const [name, tensor] of deeper)
      expect(sameBytes(tensor, weights.get(name)), name).toBe(!name.includes('model.layers.4.'));
  });

  it('no two tensors start alike', () => {
    const starts = [...weights].filter(([, { data }]) => data[0] !== 0 && data[0] !== 1).map(([, { data }]) => data[0]);
    expect(new Set(starts).size).toBe(starts.length);
  });

  it('is the same on every machine (golden: first values with seed 7)', () => {
    expect([...values('language_model.model.embed_tokens.weight').subarray(0, 3)]).toEqual([
      -0.009472000412642956, 0.01021264586597681, -0.009670679457485676,
    ]);
  });
});
