import { Document, isMap, isSeq } from 'yaml';
import { InputError } from './errors.ts';
import { checkRecipe, type RecipeProblem } from './recipe-problems.ts';
import type { Recipe, WrittenRecipe } from './recipe.ts';
import { StrictYaml } from './strict-yaml.ts';
import { fieldPath } from './validation.ts';

/** Fields that exclude each other: an override of one takes the others out of the file's. */
const ALTERNATIVES: readonly (readonly string[])[] = [
  ['scheme', 'stages'],
  ['scheme', 'stageDepth'],
  ['optimizer.steps', 'optimizer.epochs'],
];

/** A problem with the place in the file where it stands. */
export function toInputError(problem: RecipeProblem, yaml: StrictYaml): InputError {
  const { path, unknownKey, value, rule, hint } = problem;
  const isGroup = typeof value === 'object' && value !== null;
  // NaN and Infinity as written, because a message in JSON knows neither; groups of fields would only repeat the file.
  const isNumberWithoutJson = typeof value === 'number' && !Number.isFinite(value);
  return new InputError({
    file: unknownKey === undefined ? yaml.where(path) : yaml.whereKey(path, unknownKey),
    field: fieldPath(unknownKey === undefined ? path : [...path, unknownKey]),
    value: isGroup ? undefined : isNumberWithoutJson ? yaml.sourceOf(path) : value,
    rule,
    ...(hint !== undefined && { hint }),
  });
}

/**
 * Reads a recipe.
 *
 * @param file name for messages
 * @param overrides `key.path=value` as of the command line's `--set`, checked like the file's own fields
 * @throws InputError naming file, line and column (or the override), field, value and limit of the first problem
 */
export function parseRecipe(text: string, file: string, overrides: readonly string[] = []): WrittenRecipe {
  const yaml = new StrictYaml(text, file, { overrides, alternatives: ALTERNATIVES });
  const checked = checkRecipe(yaml.value);
  if ('recipe' in checked) return checked.recipe;
  throw toInputError(checked.problems[0], yaml);
}

/** Lists that read better on one line each: the stages, and the betas of the optimizer. */
export function layOutRecipe(document: Document): void {
  const stages = document.get('stages');
  if (isSeq(stages)) stages.items.filter(isMap).forEach((stage) => (stage.flow = true));
  const betas = document.getIn(['optimizer', 'betas']);
  if (isSeq(betas)) betas.flow = true;
}

/**
 * A recipe as YAML, with every value written out, so that a run's file tells all of it whatever later defaults are.
 *
 * @param recipe sound, or still being written
 */
export function formatRecipe(recipe: WrittenRecipe | Recipe | Readonly<Record<string, unknown>>): string {
  const document = new Document(recipe);
  layOutRecipe(document);
  return document.toString({ lineWidth: 120 });
}
