import { formatCompression } from '../../../../../shared/compression.ts';
import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import type { ApiFailure } from '../../../../../shared/api/failures.ts';
import { probeSchema, type Probe } from '../../../../../shared/api/recipes.ts';
import type { ProbedRun, ProbedStage, ProbeResult } from '../../../../../shared/probe.ts';
import { failureOf } from '../../../api/api-error.ts';
import { read, studio } from '../../../api/client.ts';
import { useStudioEvent } from '../../../api/events.ts';
import { useDraft } from '../recipe/draft-store.ts';
import { useDataFacts } from './data-facts.ts';
import { measuredCost } from './measured-cost.ts';
import { formatRecipe } from '../../../../../shared/recipe-yaml.ts';
import { useForecast } from './forecast-store.ts';
import { usePlan } from './plan-store.ts';
import { probeRecipe, settingsToMeasure } from './probe-recipe.ts';

/** A short measured training of the draft: time and memory of its settings. */
export const useProbe = defineStore('train-probe', () => {
  const draft = useDraft();
  const forecasts = useForecast();
  const plan = usePlan();
  const data = useDataFacts();
  const probe = shallowRef<Probe>();
  const failure = shallowRef<ApiFailure>();
  /** What was measured, by what a step's cost depends on besides the stage. */
  const measured = shallowRef<{
    readonly subject: string;
    readonly stages: readonly ProbedStage[];
    readonly run?: ProbedRun | undefined;
  }>();
  let probedSubject = '';

  const subject = computed(() => {
    const { batchSize, accumulate } = (draft.draft['optimizer'] ?? {}) as Record<string, unknown>;
    const { model, data: given, train, phase } = draft.draft;
    return JSON.stringify([model, given, train, phase, batchSize, accumulate]);
  });
  const stages = computed(() => (measured.value?.subject === subject.value ? measured.value.stages : []));
  /** All that was measured of the draft as it is, once a probe of it has ended. */
  const result = computed((): ProbeResult | undefined => {
    const run = measured.value?.subject === subject.value ? measured.value.run : undefined;
    return run && { stages: [...stages.value], run };
  });
  const isRunning = computed(() => probe.value?.state === 'running');

  function take(next: Probe): void {
    if (probe.value && next.id !== probe.value.id) return;
    probe.value = next;
    failure.value = next.failure;
    const known = measured.value?.subject === probedSubject ? measured.value : undefined;
    const before = known?.stages ?? [];
    const fresh = new Set(next.stages.map(({ compression }) => compression));
    const kept = before.filter(({ compression }) => !fresh.has(compression));
    measured.value = { subject: probedSubject, stages: [...kept, ...next.stages], run: next.run ?? known?.run };
  }

  /** The recipe to measure: of the vision phase as it is, else the settings that are not measured yet. */
  function recipeText(): string {
    if (draft.phase === 'vision') return draft.text;
    const notations = plan.onModel.map(({ compression }) => compression);
    const known = stages.value.map(({ compression }) => compression);
    return formatRecipe(probeRecipe(draft.draft, settingsToMeasure(notations, known), plan.depth));
  }

  /** Starts measuring. */
  async function start(): Promise<void> {
    failure.value = undefined;
    probe.value = undefined;
    probedSubject = subject.value;
    try {
      take(await read(probeSchema, studio.api.recipes.probe.$post({ json: { yaml: recipeText() } })));
    } catch (error) {
      failure.value = failureOf(error);
    }
  }

  /** Listens as long as the calling component lives. */
  function useEvents(): void {
    useStudioEvent('probe', ({ probe: next }) => {
      if (next.id === probe.value?.id) take(next);
    });
  }

  const cost = computed(() => {
    const forecast = forecasts.forecast;
    const { recipe } = draft;
    if (!forecast || !('value' in forecast) || data.totalSteps === undefined) return undefined;
    if (!result.value || recipe?.phase !== 'instruct') return undefined;
    const staged = forecast.value.stages.map(({ stage }) => ({
      ...{ firstStep: stage.firstStep, untilStep: stage.untilStep },
      compression: formatCompression(stage.compression),
    }));
    const { optimizer, checkpoint } = recipe;
    return measuredCost(staged, result.value, { accumulate: optimizer.accumulate, checkpointEvery: checkpoint.every });
  });
  return { probe, isRunning, failure, stages, result, cost, start, useEvents };
});
