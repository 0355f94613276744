import { expect, it } from 'vitest';
import { RECIPES } from '../../bench/forecast/recipes.ts';
import { schemeOf } from '../../src/main/studio/presets.ts';
import { parseRecipe } from '../../src/shared/recipe-yaml.ts';
import { withStages } from '../../src/shared/recipe.ts';
import { resolveStages } from '../../src/shared/stage.ts';

it.each(RECIPES)('the recipe $name of the forecast bench is sound, whole and shortened', ({ name, yaml, steps }) => {
  for (const length of [steps, 4]) {
    const recipe = withStages(parseRecipe(yaml(length), name), schemeOf);
    if (recipe.phase === 'vision') throw new Error('the bench trains on conversations');
    expect(recipe.optimizer.steps).toBe(length);
    expect(resolveStages(recipe, length, 6).stages.at(-1)?.untilStep).toBe(length);
  }
});
