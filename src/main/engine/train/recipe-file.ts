import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closest } from '../../../shared/closest.ts';
import { InputError } from '../../../shared/errors.ts';
import { parseRecipe } from '../../../shared/recipe-yaml.ts';
import { withStages, type Recipe } from '../../../shared/recipe.ts';
import type { StagePlan } from '../../../shared/stage-plan.ts';

const PRESET_FOLDER = fileURLToPath(new URL('../../../../resources/recipes', import.meta.url));

/** Names of the presets: the recipe files right in resources/recipes. */
export function presetNames(): string[] {
  const files = readdirSync(PRESET_FOLDER).filter((file) => file.endsWith('.yaml'));
  return files.map((file) => basename(file, '.yaml')).sort();
}

/** Path of a preset's recipe. @throws InputError where there is none of that name. */
function presetFile(name: string): string {
  const names = presetNames();
  if (names.includes(name)) return join(PRESET_FOLDER, `${name}.yaml`);
  const meant = closest(name, names);
  const hint = meant === undefined ? `There are: ${names.join(', ')}` : `Did you mean ${meant}?`;
  throw new InputError({ field: 'scheme', value: name, rule: 'is not the name of a preset', hint });
}

/** The stages of a preset. @throws InputError where there is none of that name or it has none of its own. */
export function resolveScheme(name: string): StagePlan {
  const noStages = (): never => {
    throw new InputError({ field: 'scheme', value: name, rule: 'must name a preset that lists its stages' });
  };
  const preset = withStages(readRecipe(presetFile(name)), noStages);
  if (preset.phase === 'vision') return noStages();
  return { stages: preset.stages, stageDepth: preset.stageDepth };
}

function readRecipe(file: string, overrides: readonly string[] = []): ReturnType<typeof parseRecipe> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputError({ file, rule: 'must be a recipe file that can be read' }, { cause: error });
  }
  return parseRecipe(text, file, overrides);
}

/**
 * Reads a recipe with its stages in hand.
 *
 * @param file path of a YAML file, or the name of a preset
 * @param overrides `key.path=value`, as of the command line's `--set`
 * @throws InputError naming file, line and column, field, value and limit
 */
export function loadRecipe(file: string, overrides: readonly string[] = []): Recipe {
  const path = presetNames().includes(file) ? presetFile(file) : file;
  try {
    return withStages(readRecipe(path, overrides), resolveScheme);
  } catch (error) {
    if (!(error instanceof InputError) || error.problem.file !== undefined) throw error;
    throw new InputError({ ...error.problem, file: path }, { cause: error });
  }
}
