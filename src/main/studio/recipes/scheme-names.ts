import type { WrittenRecipe } from '../../../shared/recipe.ts';
import { PAPER_DEPTH } from '../../../shared/recipe-fields.ts';
import { isSamePlan, type StagePlan } from '../../../shared/stage-plan.ts';
import { loadPreset, presetNames } from '../presets.ts';

/** The schemes of the paper and of its released code, whose stages the other presets take. */
export const SCHEMES: readonly string[] = [
  'reproduce',
  'heavy-compression',
  'light-compression',
  'two-stage',
  'three-stage-deeper',
  'three-stage-wider',
  'four-stage-wider-then-deeper',
  'four-stage-deeper-then-wider',
  '4stage',
  'last-stage',
];

let known: (StagePlan & { readonly name: string })[] | undefined;

function knownSchemes(): NonNullable<typeof known> {
  known ??= presetNames()
    .filter((name) => SCHEMES.includes(name))
    .flatMap((name) => {
      const preset = loadPreset(name);
      return preset.phase === 'vision' ? [] : [{ name, stageDepth: preset.stageDepth, stages: preset.stages }];
    });
  return known;
}

/** Name of the scheme whose stages a recipe has; undefined for stages of its own. */
export function schemeNameOf(recipe: WrittenRecipe): string | undefined {
  if (recipe.phase === 'vision') return undefined;
  if (recipe.scheme !== undefined) return recipe.scheme;
  const { stages = [], stageDepth = PAPER_DEPTH } = recipe;
  return knownSchemes().find((plan) => isSamePlan(plan, { stages, stageDepth }))?.name;
}
