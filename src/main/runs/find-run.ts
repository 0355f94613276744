import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../../shared/errors.ts';
import type { Recipe } from '../../shared/recipe.ts';
import { parseVersioned, RUN_FORMAT, runRecordSchema, type RunRecord } from '../../shared/run-record.ts';
import { sha256 } from './file-digest.ts';
import { runRecipe } from './run-recipe.ts';

/** A run's folder with what it is. */
export interface FoundRun {
  readonly folder: string;
  readonly record: RunRecord;
}

/** What a run's folder holds; undefined where it is no run, or one of another version of this program. */
export function readRun(folder: string): (FoundRun & { readonly recipe: Recipe }) | undefined {
  const [recordFile, recipeFile] = [join(folder, 'run.json'), join(folder, 'recipe.yaml')];
  if (!existsSync(recordFile) || !existsSync(recipeFile)) return undefined;
  try {
    const json: unknown = JSON.parse(readFileSync(recordFile, 'utf8'));
    const record = parseVersioned(runRecordSchema, json, recordFile, RUN_FORMAT);
    const recipe = runRecipe(readFileSync(recipeFile, 'utf8'), recipeFile);
    return { folder, record, recipe };
  } catch (error) {
    if (error instanceof InputError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * The runs of exactly this recipe, begun in this working folder on the data as it is now, the newest first.
 *
 * @param runs folder of the runs' folders
 * @param recipe with paths relative to the working folder
 */
export function findRuns(runs: string, recipe: Recipe): FoundRun[] {
  if (!existsSync(runs)) return [];
  const digest = sha256(recipe.data.train);
  return readdirSync(runs)
    .flatMap((name) => readRun(join(runs, name)) ?? [])
    .filter((run) => isDeepStrictEqual(run.recipe, recipe))
    .filter(({ record }) => record.workingFolder === process.cwd() && record.plan?.data.sha256 === digest)
    .sort((a, b) => (a.record.createdAt < b.record.createdAt ? 1 : -1));
}
