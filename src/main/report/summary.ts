/** The runs of each scheme as one row, and against the baseline. */
import { marksOf } from '../../shared/experiment/answers.ts';
import { compareRuns, type ComparedRun } from '../../shared/experiment/comparison.ts';
import type { SchemeSummary, SettingSummary, Spread } from '../../shared/experiment/result.ts';
import { mean, standardDeviation } from '../../shared/statistics.ts';
import type { InstructResult } from './run-result.ts';
import type { JudgedRun, Scheme } from './schemes.ts';

/** The only full training; undefined where there is none to compare with, or more than one. */
export function fullScheme(schemes: readonly Scheme[]): Scheme | undefined {
  const [full, another] = schemes.filter(({ isFull }) => isFull);
  return another ? undefined : full;
}

function spreadOf(values: readonly number[]): Spread {
  const deviation = standardDeviation(values);
  return { mean: mean(values), ...(!Number.isNaN(deviation) && { deviation }) };
}

/** The setting's place in an evaluation's answers is its place in the evaluation. */
function comparedRun({ run, evaluation, setting, answers }: JudgedRun): ComparedRun {
  const place = evaluation.settings.indexOf(setting);
  const marks = answers && { marks: marksOf(answers, place) };
  return { name: run.folder, seed: run.recipe.seed, accuracy: setting.accuracy, ...marks };
}

/** Settings that all runs were asked at, the first run's order but the one they ended with first. */
function settingsOf(runs: readonly JudgedRun[]): SettingSummary[] {
  const [first] = runs;
  if (!first) return [];
  const ordered = [first.setting, ...first.evaluation.settings.filter((one) => one !== first.setting)];
  return ordered.flatMap(({ compression, retainedPercent, compressionRatio }) => {
    const found = runs.flatMap(({ evaluation }) =>
      evaluation.settings.filter((one) => one.compression === compression),
    );
    if (found.length < runs.length) return [];
    const accuracy = spreadOf(found.map((one) => 100 * one.accuracy));
    return [{ compression, accuracy, retainedPercent, compressionRatio }];
  });
}

const average = (runs: readonly JudgedRun[], figure: (run: InstructResult) => number): number =>
  mean(runs.map(({ run }) => figure(run)));

type Costs = Pick<
  SchemeSummary,
  | 'trainingMs'
  | 'medianStepMs'
  | 'compressionRatio'
  | 'tokensPerSample'
  | 'savedPercentPaper'
  | 'savedPercentExact'
  | 'steps'
>;

function costsOf(runs: readonly JudgedRun[]): Costs {
  return {
    trainingMs: average(runs, (run) => run.trainingMs),
    medianStepMs: average(runs, (run) => run.medianStepMs),
    compressionRatio: average(runs, (run) => run.compressionRatio),
    tokensPerSample: average(runs, (run) => run.tokensPerSample),
    savedPercentPaper: average(runs, (run) => run.savedPercentPaper),
    savedPercentExact: average(runs, (run) => run.savedPercentExact),
    steps: runs[0]?.run.plan.totalSteps ?? 0,
  };
}

function rowOf({ run, setting }: JudgedRun): SchemeSummary['runs'][number] {
  const [low, high] = setting.interval;
  return {
    ...{ seed: run.recipe.seed, run: run.folder, trainingMs: run.trainingMs },
    ...{ accuracy: 100 * setting.accuracy, interval: [100 * low, 100 * high] },
  };
}

function summarise({ name, runs }: Scheme, baseline: Scheme | undefined): SchemeSummary {
  const isBaseline = name === baseline?.name;
  const costs = costsOf(runs);
  const compared = runs.map(comparedRun);
  return {
    ...{ name, isBaseline },
    stages: runs[0]?.run.plan.stages.map(({ compression }) => compression) ?? [],
    compression: runs[0]?.setting.compression ?? '',
    accuracy: spreadOf(runs.map(({ setting }) => 100 * setting.accuracy)),
    ...costs,
    ...(baseline && { ofBaseline: costs.trainingMs / costsOf(baseline.runs).trainingMs }),
    runs: runs.map(rowOf),
    settings: settingsOf(runs),
    ...(baseline && !isBaseline && { comparison: compareRuns(compared, baseline.runs.map(comparedRun)) }),
  };
}

/** @throws InputError where a scheme and the baseline answered different questions */
export function summariseSchemes(schemes: readonly Scheme[], baseline: Scheme | undefined): SchemeSummary[] {
  return schemes.map((scheme) => summarise(scheme, baseline));
}
