/** How to get the same numbers: commands and recipes, and what they ran on. */
import { basename, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { formatRecipe } from '../../shared/recipe-yaml.ts';
import type { Recipe } from '../../shared/recipe.ts';
import { loadPreset } from '../studio/presets.ts';
import { codeBlock, table } from '../../shared/markdown.ts';
import type { RunResult } from './run-result.ts';

/** How the program is started from the repository. */
export const PROGRAM = 'npm run -s llavolta --';

/** Whether the preset of the recipe's name is this recipe. */
function isPreset(recipe: Recipe): boolean {
  try {
    return isDeepStrictEqual(loadPreset(recipe.name, [`seed=${recipe.seed}`]), recipe);
  } catch {
    // There is no such preset.
    return false;
  }
}

/** A preset by its name, any other recipe as a file that the reader saves from below. */
const recipeArgument = (recipe: Recipe): string => (isPreset(recipe) ? recipe.name : `${recipe.name}.yaml`);

function trainCommand({ recipe, folder }: RunResult): string {
  return `${PROGRAM} train ${recipeArgument(recipe)} --set seed=${recipe.seed} --run ${basename(folder)}`;
}

/** How the evaluations in a run's folder are made. */
function evaluateCommands(run: RunResult): string[] {
  if (run.phase === 'vision') return [];
  return run.evaluations.map(({ file, report }) => {
    const data = relative(run.record.workingFolder, report.data);
    const settings = report.settings.map(({ compression }) => compression).join(',');
    return `${PROGRAM} evaluate ${run.folder} --data ${data} --compress ${settings} --json ${file}`;
  });
}

/** The first run of each recipe name. */
function firstOfEach(runs: readonly RunResult[]): RunResult[] {
  return runs.filter((run, i) => runs.findIndex((other) => other.recipe.name === run.recipe.name) === i);
}

function recipeBlock({ recipe }: RunResult): string {
  return `### ${recipe.name}\n\n${codeBlock('yaml', formatRecipe(recipe))}`;
}

/** Everything that must be run, and the recipes as the runs hold them (they differ in their seeds only). */
export function reproduceSection(runs: readonly RunResult[], reportCommand: string): string {
  const commands = [
    `${PROGRAM} data get easy-vqa`,
    ...runs.flatMap((run) => [trainCommand(run), ...evaluateCommands(run)]),
    `${PROGRAM} ${reportCommand}`,
  ];
  const unknown = firstOfEach(runs).filter(({ recipe }) => !isPreset(recipe));
  const save =
    unknown.length === 0
      ? []
      : [`Save the recipes below first: ${unknown.map(({ recipe }) => `${recipe.name}.yaml`).join(', ')}.`];
  const recipes = firstOfEach(runs).map(recipeBlock);
  return ['## Reproduce', ...save, codeBlock('sh', commands.join('\n')), ...recipes].join('\n\n');
}

/** What the runs ran on; several values where they differ. */
export function machineSection(runs: readonly RunResult[]): string {
  const names = [...new Set(runs.flatMap(({ record }) => Object.keys(record.versions)))].sort();
  const rows = names.map((name) => {
    const values = new Set(runs.map(({ record }) => record.versions[name] ?? 'not recorded'));
    return [name, [...values].sort().join(', ')];
  });
  return ['## Machine', rows.length === 0 ? 'Not recorded.' : table(['', 'value'], rows)].join('\n\n');
}
