import { defineStore } from 'pinia';
import { computed } from 'vue';
import { PAPER_TEXT_TOKENS } from '../../../../../shared/cost.ts';
import { InputError, messageOf } from '../../../../../shared/errors.ts';
import { instructFields } from '../../../../../shared/recipe-fields.ts';
import { checkRecipeAgainstModel, withStages } from '../../../../../shared/recipe.ts';
import { trainingMode } from '../../../../../shared/training-cost.ts';
import { useDraft } from '../recipe/draft-store.ts';
import { useDataFacts } from './data-facts.ts';
import { forecastOf, type Forecast, type MeanRow } from './forecast.ts';
import { usePlan, type Found } from './plan-store.ts';

const trainFields = instructFields.pick({ train: true });

/** What the stages of the draft come to on its model and data. */
export const useForecast = defineStore('train-forecast', () => {
  const draft = useDraft();
  const plan = usePlan();
  const data = useDataFacts();

  const row = computed((): MeanRow => {
    const textTokens = data.facts?.textTokensPerRow ?? PAPER_TEXT_TOKENS;
    return { images: data.facts?.imagesPerRow ?? 1, textTokens, headTokens: textTokens };
  });
  /** What is trained; as a recipe without `train` has it while the draft's is not sound. */
  const train = computed(() => {
    const parsed = trainFields.safeParse({ train: draft.draft['train'] });
    return parsed.success ? parsed.data.train : trainFields.parse({}).train;
  });
  /** Why the recipe does not fit the model, in words. */
  const misfit = computed(() => {
    if (!draft.recipe || !plan.studioModel || 'problem' in plan.found) return undefined;
    const { depth, visualTokensPerImage: visualTokens, shape } = plan.studioModel;
    try {
      checkRecipeAgainstModel(
        withStages(draft.recipe, () => plan.plan),
        { depth, visualTokens, visionLayers: shape.vision.layers },
      );
      return undefined;
    } catch (error) {
      if (error instanceof InputError) return error.message;
      throw error;
    }
  });
  const forecast = computed((): Found<Forecast> | undefined => {
    if (draft.phase === 'vision') return undefined;
    if ('problem' in plan.found) return plan.found;
    if (misfit.value !== undefined) return { problem: misfit.value };
    if (plan.plan.stages.length === 0) return { problem: 'There are no stages yet.' };
    try {
      return { value: forecastOf({ plan: plan.plan, model: plan.model, row: row.value, ...settings() }) };
    } catch (error) {
      return { problem: messageOf(error) };
    }
  });

  function settings() {
    const batchSize = draft.field(['optimizer', 'batchSize']);
    return {
      mode: trainingMode(train.value),
      cachedFeatures: draft.field(['train', 'cacheFeatures']) === true,
      totalSteps: data.totalSteps,
      batchSize: typeof batchSize === 'number' ? batchSize : 1,
    };
  }

  return { row, forecast, misfit };
});
