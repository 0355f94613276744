// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it, vi } from 'vitest';
import { useModels } from '../../../src/renderer/src/stores/models.ts';
import type { StudioModel } from '../../../src/shared/api/models.ts';

const layers = { layers: 1, hiddenSize: 1, intermediateSize: 1 };
const MODEL: StudioModel = {
  ...{ id: 'm', label: 'm', kind: 'final', description: '', depth: 1, imageSize: 64 },
  ...{ gridWidth: 8, gridHeight: 8, visualTokensPerImage: 64 },
  shape: {
    vision: { ...layers, imageSize: 64, patchSize: 8, hasClassToken: true },
    decoder: { ...layers, heads: 1, kvHeads: 1, headDim: 1, vocabSize: 1 },
  },
};

beforeEach(() => setActivePinia(createPinia()));

it('offers models to ask that have a trained decoder, and to export all with weights', async () => {
  const models: StudioModel[] = [
    { ...MODEL, id: 'tiny', kind: 'size' },
    { ...MODEL, id: 'brought', kind: 'folder' },
    { ...MODEL, id: 'tower', run: 'tower', phase: 'vision' },
    { ...MODEL, id: 'trained', run: 'trained', phase: 'instruct' },
  ];
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ models, unusable: [] })));
  const store = useModels();
  await store.load();
  expect(store.answering.map(({ id }) => id)).toEqual(['brought', 'trained']);
  expect(store.trained.map(({ id }) => id)).toEqual(['brought', 'tower', 'trained']);
});
