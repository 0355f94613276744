// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it } from 'vitest';
import { nextTick } from 'vue';
import fourStage from '../../../resources/recipes/4stage.yaml?raw';
import loraPreset from '../../../resources/recipes/lora.yaml?raw';
import { parseRecipe } from '../../../src/shared/recipe-yaml.ts';
import OptimizerFields from '../../../src/renderer/src/views/train/fields/OptimizerFields.vue';
import TrainingFields from '../../../src/renderer/src/views/train/fields/TrainingFields.vue';
import { useDraft } from '../../../src/renderer/src/views/train/recipe/draft-store.ts';
import { toDraft } from '../../../src/renderer/src/views/train/recipe/draft.ts';

const recipe = (text: string) => toDraft(parseRecipe(text, 'preset.yaml', ['optimizer.steps=600']));

beforeEach(() => {
  localStorage.clear();
  setActivePinia(createPinia());
});

it.each([
  ['training', TrainingFields],
  ['optimizer', OptimizerFields],
])('a preset’s empty %s fields are no errors', (_, fields) => {
  useDraft().replace(recipe(fourStage));
  expect(mount(fields).findAll('[role="alert"]')).toEqual([]);
});

it('last layers are taken into the recipe and leave it with the text', async () => {
  const draft = useDraft();
  draft.replace(recipe(fourStage));
  const input = mount(TrainingFields).get('[data-field="train.decoderLayers"]');
  await input.setValue('2');
  expect(draft.field(['train', 'decoderLayers'])).toBe(2);
  expect(draft.recipe).toMatchObject({ train: { decoderLayers: 2 } });
  await input.setValue('');
  await nextTick();
  expect(draft.recipe).toBeDefined();
  expect(draft.field(['train', 'decoderLayers'])).toBeUndefined();
});

it('the rate of a part is taken into the recipe and leaves it with the text', async () => {
  const draft = useDraft();
  draft.replace(recipe(fourStage));
  const input = mount(OptimizerFields).get('[data-field="optimizer.lrs.projector"]');
  await input.setValue('2e-5');
  expect(draft.recipe).toMatchObject({ optimizer: { lrs: { projector: 2e-5 } } });
  await input.setValue('');
  await nextTick();
  expect(draft.recipe).toBeDefined();
  expect(draft.recipe).not.toMatchObject({ optimizer: { lrs: { projector: 2e-5 } } });
});

it('adapters show their rank and targets, and an empty rank is the default one', async () => {
  const draft = useDraft();
  draft.replace(recipe(loraPreset));
  const fields = mount(TrainingFields);
  const rank = fields.get<HTMLInputElement>('[data-field="train.lora.rank"]');
  expect(rank.element.value).toBe('128');
  expect(fields.text()).toContain('Adapters beside');
  await rank.setValue('');
  await nextTick();
  expect(fields.findAll('[role="alert"]')).toEqual([]);
  expect(draft.recipe).toBeDefined();
});
