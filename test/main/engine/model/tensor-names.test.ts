import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseLlavaConfig } from '../../../../src/main/engine/model/huggingface-config.ts';
import { parameterShapes } from '../../../../src/main/engine/model/parameter-shapes.ts';
import {
  canonicalName,
  canonicalOriginalName,
  canonicalTowerName,
  isDerived,
  isUnused,
} from '../../../../src/main/engine/model/tensor-names.ts';

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../golden/clip-llama/${name}`, import.meta.url), 'utf8'));
const config = parseLlavaConfig(read('config.json'), 'config.json');

it.each([
  ['model.language_model.layers.3.mlp.up_proj.weight', 'language_model.model.layers.3.mlp.up_proj.weight'],
  ['model.language_model.norm.weight', 'language_model.model.norm.weight'],
  ['lm_head.weight', 'language_model.lm_head.weight'],
  ['model.multi_modal_projector.linear_1.bias', 'multi_modal_projector.linear_1.bias'],
  ['model.vision_tower.pre_layrnorm.bias', 'vision_tower.pre_layrnorm.bias'],
  ['model.vision_tower.vision_model.post_layernorm.bias', 'vision_tower.post_layernorm.bias'],
  ['vision_tower.vision_model.encoder.layers.0.mlp.fc1.bias', 'vision_tower.encoder.layers.0.mlp.fc1.bias'],
  ['something.else', 'something.else'],
])('%s is %s', (name, canonical) => {
  expect(canonicalName(name)).toBe(canonical);
});

it('canonical names stay as they are and none is taken for a derived tensor', () => {
  for (const name of parameterShapes(config).keys()) {
    expect(canonicalName(name)).toBe(name);
    expect(isDerived(name) || isUnused(name)).toBe(false);
  }
});

it('tensors that follow from the configuration are known', () => {
  expect(isDerived('vision_tower.vision_model.embeddings.position_ids')).toBe(true);
  expect(isDerived('language_model.model.layers.0.self_attn.rotary_emb.inv_freq')).toBe(true);
});

it.each([
  ['model.layers.3.mlp.up_proj.weight', 'language_model.model.layers.3.mlp.up_proj.weight'],
  ['model.embed_tokens.weight', 'language_model.model.embed_tokens.weight'],
  ['model.norm.weight', 'language_model.model.norm.weight'],
  ['lm_head.weight', 'language_model.lm_head.weight'],
  ['model.mm_projector.0.bias', 'multi_modal_projector.linear_1.bias'],
  ['model.mm_projector.2.weight', 'multi_modal_projector.linear_2.weight'],
  ['model.vision_tower.vision_tower.vision_model.pre_layrnorm.bias', 'vision_tower.pre_layrnorm.bias'],
  ['model.image_newline', 'model.image_newline'],
])("%s in the LLaVA authors' layout is %s", (name, canonical) => {
  expect(canonicalOriginalName(name)).toBe(canonical);
});

it('a tower alone has its own names', () => {
  expect(canonicalTowerName('vision_model.encoder.layers.0.mlp.fc1.bias')).toBe(
    'vision_tower.encoder.layers.0.mlp.fc1.bias',
  );
});

it('tensors of the half of CLIP or SigLIP that reads text are known, under any prefix', () => {
  for (const name of [
    'text_model.encoder.layers.0.mlp.fc1.bias',
    'visual_projection.weight',
    'logit_scale',
    'logit_bias',
  ])
    for (const prefix of ['', 'vision_tower.', 'model.vision_tower.', 'model.vision_tower.vision_tower.'])
      expect(isUnused(prefix + name)).toBe(true);
});
