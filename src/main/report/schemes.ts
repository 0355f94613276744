/** Runs put together: the seeds of a scheme, and the evaluation each is judged by. */
import { isDeepStrictEqual } from 'node:util';
import { formatCompression, parseCompression } from '../../shared/compression.ts';
import { InputError } from '../../shared/errors.ts';
import type { EvaluatedAnswer, EvaluationReport, SettingResult } from '../../shared/evaluation.ts';
import {
  EVALUATIONS,
  finalCompression,
  isFullTraining,
  type InstructResult,
  type RunResult,
  type SavedEvaluation,
} from './run-result.ts';

/** A run with its accuracy on the test split. */
export interface JudgedRun {
  readonly run: InstructResult;
  readonly evaluation: EvaluationReport;
  /** The setting the run ended with. */
  readonly setting: SettingResult;
  /** Every single answer, where it was kept. */
  readonly answers?: readonly EvaluatedAnswer[];
}

/** The runs of one recipe, which differ in their seeds, by rising seed. */
export interface Scheme {
  /** The recipe's name. */
  readonly name: string;
  readonly isFull: boolean;
  readonly runs: readonly JudgedRun[];
}

/** Whether two notations say the same. */
export const sameSetting = (a: string, b: string): boolean =>
  formatCompression(parseCompression(a)) === formatCompression(parseCompression(b));

const byQuestions = (a: SavedEvaluation, b: SavedEvaluation): number => b.report.questions - a.report.questions;

/** The run's evaluation at the setting it ended with; of several the one with the most questions. */
function judge(run: InstructResult): JudgedRun {
  const compression = finalCompression(run);
  for (const { report } of [...run.evaluations].sort(byQuestions)) {
    const setting = report.settings.find((result) => sameSetting(result.compression, compression));
    if (setting) return { run, evaluation: report, setting };
  }
  throw new InputError({
    file: `${run.folder}/${EVALUATIONS}`,
    rule: `needs an evaluation at ${compression}, the setting the run ended with`,
    hint: `llavolta evaluate ${run.folder} --data FILE --compress ${compression} --json ${run.folder}/${EVALUATIONS}/test.json`,
  });
}

/** The recipe without what may differ between the runs of a scheme. */
function withoutSeed({ seed: _, ...recipe }: InstructResult['recipe']): object {
  return recipe;
}

function checkAlike([first, ...others]: readonly JudgedRun[]): void {
  for (const { run } of others) {
    if (first && !isDeepStrictEqual(withoutSeed(run.recipe), withoutSeed(first.run.recipe))) {
      const rule = `must be that of ${first.run.folder} but for the seed: runs of one name are taken for one scheme`;
      throw new InputError({ file: `${run.folder}/recipe.yaml`, field: 'name', value: run.recipe.name, rule });
    }
  }
  const seeds = [first, ...others].map((judged) => judged?.run.recipe.seed);
  const repeated = others.find(({ run }, i) => seeds.indexOf(run.recipe.seed) <= i);
  if (!repeated) return;
  const { folder, recipe } = repeated.run;
  throw new InputError({ file: folder, field: 'seed', value: recipe.seed, rule: 'must not be that of another run' });
}

function checkSameQuestions(runs: readonly JudgedRun[]): void {
  const [first] = runs;
  const other = runs.find(({ evaluation }) => evaluation.questions !== first?.evaluation.questions);
  if (!first || !other) return;
  const rule = `must be evaluated on the ${first.evaluation.questions} questions of ${first.run.folder}`;
  throw new InputError({ file: other.run.folder, value: other.evaluation.questions, rule });
}

/**
 * Groups trainings by their recipes' names: full training first, then by rising name.
 *
 * @throws InputError where runs of one name differ in more than the seed, a seed comes twice, an evaluation is missing, or
 *   the evaluations are of different questions
 */
export function groupSchemes(results: readonly RunResult[]): Scheme[] {
  const judged = results.filter((result) => result.phase === 'instruct').map(judge);
  checkSameQuestions(judged);
  const schemes = [...new Set(judged.map(({ run }) => run.recipe.name))].map((name) => {
    const runs = judged
      .filter(({ run }) => run.recipe.name === name)
      .sort((a, b) => a.run.recipe.seed - b.run.recipe.seed);
    checkAlike(runs);
    return { name, isFull: runs.every(({ run }) => isFullTraining(run)), runs };
  });
  return schemes.sort((a, b) => Number(b.isFull) - Number(a.isFull) || (a.name < b.name ? -1 : 1));
}

/** Settings that a redundancy study has at least, full one included. */
const SMALLEST_STUDY = 4;

/** The evaluation with the most settings of a model that was trained to its end without compression, and whose it is. */
export function findStudy(schemes: readonly Scheme[]): { run: InstructResult; report: EvaluationReport } | undefined {
  const found = schemes
    .flatMap(({ runs }) => runs)
    .filter(({ run }) => sameSetting(finalCompression(run), 'none'))
    .flatMap(({ run }) => run.evaluations.map(({ report }) => ({ run, report })))
    .filter(({ report }) => report.settings.length >= SMALLEST_STUDY);
  return found.sort((a, b) => b.report.settings.length - a.report.settings.length)[0];
}
