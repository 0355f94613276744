import type { FieldProblem } from './api/recipes.ts';
import { InputError } from './errors.ts';
import { checkRecipe, type RecipeProblem } from './recipe-problems.ts';
import type { WrittenRecipe } from './recipe.ts';
import { StrictYaml } from './strict-yaml.ts';
import { fieldPath } from './validation.ts';

/** What is in a recipe's text. */
export interface RecipeTextCheck {
  /** Plain data of the text; absent where it is no YAML. */
  readonly value?: unknown;
  /** Where it is sound. */
  readonly recipe?: WrittenRecipe;
  /** Everything that is wrong, with its place in the text. */
  readonly problems: readonly FieldProblem[];
}

const FILE = 'recipe';

/** Line and column at the end of a place such as `recipe:12:5`. */
function placeOf(place: string | undefined): { line?: number; column?: number } {
  const [, line, column] = /:(\d+):(\d+)$/.exec(place ?? '') ?? [];
  return line === undefined ? {} : { line: Number(line), column: Number(column) };
}

function toFieldProblem({ path, unknownKey, value, rule, hint }: RecipeProblem, yaml: StrictYaml): FieldProblem {
  const place = unknownKey === undefined ? yaml.where(path) : yaml.whereKey(path, unknownKey);
  const full = (unknownKey === undefined ? [...path] : [...path, unknownKey]).map((key) =>
    typeof key === 'number' ? key : String(key),
  );
  const isGroup = typeof value === 'object' && value !== null;
  return {
    field: fieldPath(full),
    path: full,
    ...(!isGroup && value !== undefined && { value }),
    rule,
    ...(hint !== undefined && { hint }),
    ...placeOf(place),
  };
}

/** Reads a recipe's text and finds all that is wrong with it, with line and column. */
export function checkRecipeText(text: string): RecipeTextCheck {
  let yaml: StrictYaml;
  try {
    yaml = new StrictYaml(text, FILE);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { rule, file } = error.problem;
    return { problems: [{ field: '', path: [], rule, ...placeOf(file) }] };
  }
  const checked = checkRecipe(yaml.value);
  if ('recipe' in checked) return { value: yaml.value, recipe: checked.recipe, problems: [] };
  return { value: yaml.value, problems: checked.problems.map((problem) => toFieldProblem(problem, yaml)) };
}
