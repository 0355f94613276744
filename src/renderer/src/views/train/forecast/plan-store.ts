import { defineStore } from 'pinia';
import { computed } from 'vue';
import type { z } from 'zod';
import { instructFields, PAPER_DEPTH } from '../../../../../shared/recipe-fields.ts';
import { LLAVA_15_7B, LLAVA_15_VISUAL_TOKENS } from '../../../../../shared/paper-model.ts';
import { ruleOf } from '../../../../../shared/validation.ts';
import { isSamePlan, type StagePlan, type StageSpec } from '../../../../../shared/stage-plan.ts';
import { useDraft } from '../recipe/draft-store.ts';
import { planOfPreset, useLibrary } from '../recipe/library.ts';
import { atDepth } from '../timeline/edit-stages.ts';
import type { ForecastModel } from './forecast.ts';

/** A value, or in words why there is none. */
export type Found<T> = { readonly value: T } | { readonly problem: string };

const stagesSchema = instructFields.pick({ stages: true, stageDepth: true });

/** Stages as the draft lists them. */
function readStages(stages: unknown, stageDepth: unknown): Found<StagePlan> {
  const parsed = stagesSchema.safeParse({ stages, stageDepth });
  if (parsed.success) {
    return { value: { stages: parsed.data.stages ?? [], stageDepth: parsed.data.stageDepth ?? PAPER_DEPTH } };
  }
  const issue = parsed.error.issues[0] as z.core.$ZodIssue;
  return { problem: `${issue.path.map(String).join('.')}: ${ruleOf(issue, issue.input)}` };
}

/** The stages of the draft and the model they run on. */
export const usePlan = defineStore('train-plan', () => {
  const draft = useDraft();
  const library = useLibrary();

  const scheme = computed(() => {
    const name = draft.draft['scheme'];
    return typeof name === 'string' ? name : undefined;
  });
  const found = computed((): Found<StagePlan> => {
    const { stages, stageDepth } = draft.draft;
    if (scheme.value === undefined) return readStages(stages, stageDepth);
    const preset = library.preset(scheme.value);
    return preset ? { value: planOfPreset(preset) } : { problem: `There is no scheme called ${scheme.value}.` };
  });
  const plan = computed((): StagePlan =>
    'value' in found.value ? found.value.value : { stages: [], stageDepth: PAPER_DEPTH },
  );

  /** The scheme that the stages are, by name or because they are written alike: a run's recipe lists them. */
  const schemeName = computed(
    () => scheme.value ?? library.schemes.find((preset) => isSamePlan(planOfPreset(preset), plan.value))?.name,
  );

  const studioModel = computed(() => library.model(draft.field(['model', 'from'])));
  /** The model that runs; the paper's where the recipe's is not here. */
  const model = computed((): ForecastModel => {
    const known = studioModel.value;
    return known ?? { visualTokensPerImage: LLAVA_15_VISUAL_TOKENS, shape: LLAVA_15_7B };
  });
  const depth = computed(() => model.value.shape.decoder.layers);

  /** Writes stages into the draft; a scheme's name gives way to them. */
  function writeStages(stages: readonly StageSpec[], stageDepth: number, mark = ''): void {
    draft.edit(({ scheme: _, ...others }) => ({ ...others, stages, stageDepth }), mark);
  }

  /** Changes the stages, their layers staying given for the depth they are given for. */
  function editStages(change: (stages: readonly StageSpec[]) => StageSpec[], mark = ''): void {
    writeStages(change(plan.value.stages), plan.value.stageDepth, mark);
  }

  /** The stages with layers of the model. */
  const onModel = computed(() => atDepth(plan.value.stages, plan.value.stageDepth, depth.value));

  /** Sets a stage's compression, given with the model's layers; from then on all stages are given for them. */
  function setCompression(index: number, compression: string): void {
    if (onModel.value[index]?.compression === compression) return;
    const stages = onModel.value.map((stage, at) => (at === index ? { ...stage, compression } : stage));
    writeStages(stages, depth.value, `stage ${index}`);
  }

  function takeScheme(name: string): void {
    draft.edit(({ stages: _, stageDepth: __, ...others }) => ({ ...others, scheme: name }));
  }

  return {
    ...{ scheme, schemeName, found, plan, onModel, model, studioModel, depth },
    ...{ editStages, setCompression, takeScheme },
  };
});
