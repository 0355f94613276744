import { join, relative, resolve, sep } from 'node:path';
import type { BatchSummary } from '../../../shared/api/compare.ts';
import type { EvaluationReport } from '../../../shared/evaluation.ts';
import { writeJsonFile } from '../json-file.ts';
import { RUN_PATHS } from '../runs/run-files.ts';
import { isInside, type Workspace } from '../workspace.ts';

/**
 * Keeps what a batch found about a run's model in that run's folder, where its other evaluations are.
 *
 * @param data the dataset's file, as its library names it: the batch's own file of drawn questions says nothing
 * @returns name of the run; undefined where the model is none of a run
 */
export async function keepEvaluation(
  workspace: Workspace,
  { id, createdAt, request }: BatchSummary,
  report: EvaluationReport,
  data: string,
): Promise<string | undefined> {
  const model = resolve(workspace.folder, request.model);
  if (!isInside(model, workspace.runs)) return undefined;
  const [run] = relative(workspace.runs, model).split(sep);
  if (!run) return undefined;
  const name = `studio-${createdAt.replaceAll(/[:.]/g, '-')}-${id.slice(0, 8)}.json`;
  await writeJsonFile(join(workspace.runs, run, RUN_PATHS.evaluations, name), {
    ...report,
    model: request.model,
    data,
  });
  return run;
}
