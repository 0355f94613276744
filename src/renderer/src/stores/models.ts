import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { z } from 'zod';
import { modelListSchema, type StudioModel } from '../../../shared/api/models.ts';
import { read, studio } from '../api/client.ts';

type ModelList = z.output<typeof modelListSchema>;

/** Models to train from, ask and evaluate. They come with every checkpoint, so screens load them when they open. */
export const useModels = defineStore('models', () => {
  const loaded = shallowRef<ModelList>({ models: [], unusable: [] });
  const isLoaded = ref(false);

  /** @throws ApiError */
  async function load(): Promise<void> {
    loaded.value = await read(modelListSchema, studio.api.models.$get());
    isLoaded.value = true;
  }

  const list = computed(() => loaded.value.models);
  const unusable = computed(() => loaded.value.unusable);
  /** Those with trained weights. */
  const trained = computed(() => list.value.filter(({ kind }) => kind !== 'size'));
  /** Those that can answer: no vision towers, which were trained alone. */
  const answering = computed(() => trained.value.filter(({ phase }) => phase !== 'vision'));
  const get = (id: string): StudioModel | undefined => list.value.find((model) => model.id === id);
  return { list, unusable, trained, answering, isLoaded, load, get };
});
