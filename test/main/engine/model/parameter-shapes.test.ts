import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseLlavaConfig } from '../../../../src/main/engine/model/huggingface-config.ts';
import { parameterShapes } from '../../../../src/main/engine/model/parameter-shapes.ts';

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../golden/clip-llama/${name}`, import.meta.url), 'utf8'));
const config = parseLlavaConfig(read('config.json'), 'config.json');

it('names and shapes are those that transformers saves (golden: header of the clip-llama reference model)', () => {
  expect(Object.fromEntries(parameterShapes(config))).toEqual(read('parameters.json'));
});

it('tied embeddings have no output head', () => {
  const tied = parameterShapes({ ...config, text: { ...config.text, tieWordEmbeddings: true } });
  expect([...parameterShapes(config).keys()].filter((name) => !tied.has(name))).toEqual([
    'language_model.lm_head.weight',
  ]);
});

it('a projector without bias has only its weights', () => {
  const names = [...parameterShapes({ ...config, projectorBias: false }).keys()];
  expect(names.filter((name) => name.startsWith('multi_modal'))).toEqual([
    'multi_modal_projector.linear_1.weight',
    'multi_modal_projector.linear_2.weight',
  ]);
});
