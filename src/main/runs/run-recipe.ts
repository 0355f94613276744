/** The recipe in a run's folder. */
import { InputError } from '../../shared/errors.ts';
import { parseRecipe } from '../../shared/recipe-yaml.ts';
import { withStages, type Recipe } from '../../shared/recipe.ts';

/**
 * A run's recipe: its stages are written out, whatever scheme they came from.
 *
 * @throws InputError naming the file and what is wrong with it
 */
export function runRecipe(text: string, file: string): Recipe {
  return withStages(parseRecipe(text, file), () => {
    throw new InputError({ file, field: 'scheme', rule: 'must be written out in the recipe of a run' });
  });
}
