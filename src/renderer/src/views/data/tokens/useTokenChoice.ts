import { computed, ref, watchEffect, type ComputedRef, type Ref } from 'vue';
import type { StudioModel } from '../../../../../shared/api/models.ts';
import type { Preset } from '../../../../../shared/api/recipes.ts';
import { COMPRESSORS } from '../../../../../shared/compressors.ts';
import type { StagePlan } from '../../../../../shared/stage-plan.ts';
import { fetchPresets } from '../data-api.ts';
import { useModels } from '../../../stores/models.ts';
import { useLoaded, type Loaded } from '../useLoaded.ts';

export interface TokenChoice {
  readonly models: ComputedRef<readonly StudioModel[]>;
  readonly modelsFailure: Loaded<unknown>['failure'];
  readonly schemes: ComputedRef<readonly Preset[]>;
  readonly schemesFailure: Loaded<Preset[]>['failure'];
  readonly modelId: Ref<string | undefined>;
  readonly schemeName: Ref<string | undefined>;
  readonly model: ComputedRef<StudioModel | undefined>;
  readonly plan: ComputedRef<StagePlan | undefined>;
}

// Kept while the studio is open: the next sample is counted for the same model and scheme.
const modelId = ref<string>();
const schemeName = ref<string>();

/** Models whose tokenizer is known come first to mind: they count text too. */
const preferred = (models: readonly StudioModel[]): StudioModel | undefined =>
  models.find(({ kind }) => kind === 'final') ?? models.find(({ kind }) => kind !== 'size') ?? models[0];

/** The stages of a preset; those with a compressor that this program does not know are not counted. */
function planOf({ stages, stageDepth }: Preset): StagePlan | undefined {
  const known = stages.map((stage) => ({
    ...stage,
    compressor: COMPRESSORS.find((name) => name === stage.compressor),
  }));
  const sound = known.flatMap(({ compressor, ...stage }) => (compressor ? [{ ...stage, compressor }] : []));
  return sound.length === stages.length ? { stages: sound, stageDepth } : undefined;
}

/** The model and the scheme that tokens are counted for. */
export function useTokenChoice(): TokenChoice {
  const models = useModels();
  const modelsLoading = useLoaded(
    () => 'models',
    () => models.load(),
  );
  const presets = useLoaded(
    () => 'presets',
    (_, signal) => fetchPresets(signal),
  );
  const schemes = computed(() => (presets.value.value ?? []).filter(({ phase }) => phase === 'instruct'));
  const model = computed(() => (modelId.value === undefined ? undefined : models.get(modelId.value)));
  const scheme = computed(() => schemes.value.find(({ name }) => name === schemeName.value));

  watchEffect(() => {
    if (models.isLoaded && !model.value) modelId.value = preferred(models.list)?.id;
  });
  watchEffect(() => {
    if (schemes.value.length > 0 && !scheme.value)
      schemeName.value = (schemes.value.find(({ name }) => name === '4stage') ?? schemes.value[0])?.name;
  });
  const plan = computed(() => scheme.value && planOf(scheme.value));
  return {
    models: computed(() => models.list),
    modelsFailure: modelsLoading.failure,
    schemes,
    schemesFailure: presets.failure,
    modelId,
    schemeName,
    model,
    plan,
  };
}
