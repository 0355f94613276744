import { z } from 'zod';
import { runDetailSchema } from '../../../../../shared/api/runs.ts';
import type { Preset } from '../../../../../shared/api/recipes.ts';
import { read, studio } from '../../../api/client.ts';
import { useToasts } from '../../../stores/toasts.ts';
import { useDraft } from './draft-store.ts';
import { checkRecipeText } from '../../../../../shared/recipe-text.ts';
import { setField, toDraft } from './draft.ts';
import { useLibrary } from './library.ts';
import { patchRecipeText } from './patch-text.ts';

const sentStagesSchema = z
  .array(z.strictObject({ compression: z.string().max(200), share: z.number().gt(0).max(1) }))
  .max(32);

/** Stages that another screen sent along. */
function readSentStages(text: string): { readonly compression: string; readonly share?: number }[] {
  try {
    const stages = sentStagesSchema.parse(JSON.parse(text));
    // The last one takes the rest, so that rounding leaves none.
    return stages.map((stage, i) => (i === stages.length - 1 ? { compression: stage.compression } : stage));
  } catch {
    return [];
  }
}

/** The recipe that a first visit begins with. */
const FIRST_PRESET = 'demo-4stage';

/** Where drafts come from: presets and earlier runs. What was there can be had back by undo. */
export function useRecipeSources() {
  const draft = useDraft();
  const library = useLibrary();
  const toasts = useToasts();

  function takePreset({ yaml, name }: Preset): void {
    draft.setText(yaml);
    draft.settle();
    toasts.show(`The recipe is ${name} now. Undo brings the one before back.`);
  }

  async function takeRun(name: string): Promise<void> {
    try {
      const { recipeYaml } = await read(runDetailSchema, studio.api.runs[':name'].$get({ param: { name } }));
      draft.setText(recipeYaml);
      draft.settle();
      toasts.show(`The recipe is a clone of ${name} now. Undo brings the one before back.`);
    } catch (error) {
      toasts.showError(error);
    }
  }

  /** Trains on another conversation file. @param images folder that its image paths are relative to */
  function takeData(train: string, images: string | undefined): void {
    draft.edit((now) => setField(setField(now, ['data', 'train'], train), ['data', 'images'], images));
    draft.settle();
  }

  /** Makes a solution of the token budget the stages of the recipe. @param text JSON; what is none is left alone */
  function takeStages(text: string, stageDepth: number): void {
    const stages = readSentStages(text);
    if (stages.length === 0 || !Number.isInteger(stageDepth) || stageDepth < 1) return;
    draft.edit(({ scheme: _, ...others }) => ({ ...others, stages, stageDepth }));
    draft.settle();
    toasts.show('The stages of the recipe are those of the budget now. Undo brings the ones before back.');
  }

  /** A recipe that runs with what the first start brings; its tower only where it is there. */
  function begin(): void {
    const preset = library.preset(FIRST_PRESET);
    if (!preset || !draft.isEmpty) return;
    const before = toDraft(checkRecipeText(preset.yaml).value);
    const tower = library.model(preset.recipe.model.tower)?.id;
    const named = setField(setField(before, ['name'], 'my-run'), ['description'], undefined);
    draft.setText(patchRecipeText(preset.yaml, before, setField(named, ['model', 'tower'], tower)));
    draft.settle();
  }

  return { takePreset, takeRun, takeData, takeStages, begin };
}
