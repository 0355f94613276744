/** The recipes that come with the program, for whoever shows or starts them; the engine reads them by name itself. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../shared/errors.ts';
import { parseRecipe } from '../../shared/recipe-yaml.ts';
import { withStages, type Recipe } from '../../shared/recipe.ts';
import type { StagePlan } from '../../shared/stage-plan.ts';

const FOLDER = new URL('../../../resources/recipes/', import.meta.url);
const EXTENSION = '.yaml';

/** Names of the presets, sorted. */
export function presetNames(): string[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(EXTENSION));
  return files.map((file) => file.slice(0, -EXTENSION.length)).sort();
}

const fileOf = (name: string): string => fileURLToPath(new URL(`${name}${EXTENSION}`, FOLDER));

/** A preset's file, word for word. @throws InputError where there is none of that name */
export function presetText(name: string): string {
  try {
    return readFileSync(fileOf(name), 'utf8');
  } catch (error) {
    throw new InputError({ field: 'recipe', value: name, rule: 'is not the name of a preset' }, { cause: error });
  }
}

function readPreset(name: string, overrides: readonly string[]): ReturnType<typeof parseRecipe> {
  return parseRecipe(presetText(name), fileOf(name), overrides);
}

/** The stages of a preset that lists its own. @throws InputError */
export function schemeOf(name: string): StagePlan {
  const preset = withStages(readPreset(name, []), schemeOf);
  if (preset.phase === 'vision') throw new InputError({ field: 'scheme', value: name, rule: 'has no stages' });
  return { stages: preset.stages, stageDepth: preset.stageDepth };
}

/**
 * A preset by its name, or the recipe in a file, with its stages in hand.
 *
 * @param overrides `key.path=value`, as of the command line's `--set`
 * @throws InputError naming file, line and column, field, value and limit
 */
export function loadRecipe(nameOrFile: string, overrides: readonly string[] = []): Recipe {
  if (presetNames().includes(nameOrFile)) return loadPreset(nameOrFile, overrides);
  let text: string;
  try {
    text = readFileSync(nameOrFile, 'utf8');
  } catch (error) {
    const rule = 'must be the name of a preset, or a recipe file that can be read';
    throw new InputError({ field: 'recipe', value: nameOrFile, rule }, { cause: error });
  }
  return withStages(parseRecipe(text, nameOrFile, overrides), schemeOf);
}

/**
 * A preset with its stages in hand, as a run of it holds them.
 *
 * @param overrides `key.path=value`, as of the command line's `--set`
 * @throws InputError where there is no preset of that name or an override does not fit
 */
export function loadPreset(name: string, overrides: readonly string[] = []): Recipe {
  return withStages(readPreset(name, overrides), schemeOf);
}
