import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import { modelListSchema, type StudioModel } from '../../../../../shared/api/models.ts';
import { presetListSchema, type Preset } from '../../../../../shared/api/recipes.ts';
import { COMPRESSORS } from '../../../../../shared/compressors.ts';
import type { StagePlan } from '../../../../../shared/stage-plan.ts';
import { read, studio } from '../../../api/client.ts';

/** The stages of a preset. */
export function planOfPreset({ stages, stageDepth }: Preset): StagePlan {
  const known = stages.map(({ compressor, ...stage }) => ({
    ...stage,
    compressor: COMPRESSORS.find((name) => name === compressor) ?? COMPRESSORS[0],
  }));
  return { stages: known, stageDepth };
}

/** Recipes and models that a draft can name. */
export const useLibrary = defineStore('train-library', () => {
  const presets = shallowRef<readonly Preset[]>([]);
  const models = shallowRef<readonly StudioModel[]>([]);
  const isLoaded = shallowRef(false);

  /** @throws ApiError */
  async function loadModels(): Promise<void> {
    models.value = (await read(modelListSchema, studio.api.models.$get())).models;
  }

  /** @throws ApiError */
  async function load(): Promise<void> {
    const list = read(presetListSchema, studio.api.recipes.$get());
    await Promise.all([loadModels(), list.then((loaded) => (presets.value = loaded.presets))]);
    isLoaded.value = true;
  }

  /** Presets whose stages another recipe can take by name. */
  const schemes = computed(() =>
    presets.value.filter(({ group, recipe }) => {
      // The pretraining of the paper has no scheme: it trains the projector alone.
      return group === 'paper' && recipe.phase === 'instruct' && recipe.train.parts === 'full';
    }),
  );
  const preset = (name: string): Preset | undefined => presets.value.find((one) => one.name === name);
  const model = (id: unknown): StudioModel | undefined => models.value.find((one) => one.id === id);
  return { presets, schemes, models, isLoaded, load, loadModels, preset, model };
});
