import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { evaluationReportSchema, type EvaluationReport } from '../../../shared/evaluation.ts';
import { parseRecipe } from '../../../shared/recipe-yaml.ts';
import type { WrittenRecipe } from '../../../shared/recipe.ts';
import type { RunRecord } from '../../../shared/run-record.ts';
import { parseStrictJson } from '../model/strict-json.ts';
import { validate } from '../model/validate.ts';
import { readRunRecord, RUN_FILES } from '../train/run-folder.ts';

/** What a run's files say about the model it made. */
export interface RunFacts {
  readonly name: string;
  readonly record: RunRecord;
  readonly recipe: WrittenRecipe;
  /** Evaluations that were saved in the run's folder, with their names. */
  readonly evaluations: readonly { readonly name: string; readonly report: EvaluationReport }[];
}

async function readEvaluations(folder: string): Promise<RunFacts['evaluations']> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(
    names.map(async (name) => {
      const file = join(folder, name);
      const report = validate(evaluationReportSchema, parseStrictJson(await readFile(file), file), file);
      return { name: basename(name, '.json'), report };
    }),
  );
}

/** Reads what a model card tells of a run. @throws InputError naming file and field */
export async function readRunFacts(run: string): Promise<RunFacts> {
  const recipeFile = join(run, RUN_FILES.recipe);
  return {
    name: basename(run),
    record: await readRunRecord(run),
    recipe: parseRecipe(await readFile(recipeFile, 'utf8'), recipeFile),
    evaluations: await readEvaluations(join(run, 'evaluations')),
  };
}
