/** What an experiment found so far, from the folders of its runs and the answers that were kept. */
import { InputError } from '../../shared/errors.ts';
import type { Experiment } from '../../shared/experiment/experiment.ts';
import { lossCurve } from '../../shared/experiment/loss-curve.ts';
import type { ExperimentResult } from '../../shared/experiment/result.ts';
import {
  finalCompression,
  isFullTraining,
  readRunResult,
  type InstructResult,
  type RunResult,
} from '../report/run-result.ts';
import { sameSetting, type JudgedRun, type Scheme } from '../report/schemes.ts';
import { summariseSchemes } from '../report/summary.ts';
import { sha256 } from '../runs/file-digest.ts';
import { answersFile, type Places } from './experiment-file.ts';
import { answersKey, checkTestData, readAnswers } from './kept-answers.ts';
import { findPlannedRun, planTrainings, type PlannedScheme, type TrainingPlan } from './planned-training.ts';

/** An experiment's findings with the runs they are from. */
export interface Findings {
  readonly result: ExperimentResult;
  /** Every finished run, the prepared ones too. */
  readonly runs: readonly RunResult[];
}

/** A finished run with its answers; undefined where one of the two is missing. */
function judged(
  experiment: Experiment,
  scheme: PlannedScheme,
  places: Places,
  dataSha256: string,
): JudgedRun | undefined {
  const found = findPlannedRun(scheme, places);
  if (found?.record.state !== 'finished') return undefined;
  const key = answersKey(experiment, found, scheme, dataSha256);
  const kept = readAnswers(answersFile(experiment, scheme.run, places), key);
  if (!kept) return undefined;
  const run = readRunResult(found.folder) as InstructResult;
  const setting = kept.report.settings.find((one) => sameSetting(one.compression, finalCompression(run)));
  if (!setting) return undefined;
  return { run, evaluation: kept.report, setting, answers: kept.answers };
}

function preparedRuns({ prepare }: TrainingPlan, places: Places): RunResult[] {
  return prepare.flatMap((training) => {
    const found = findPlannedRun(training, places);
    return found?.record.state === 'finished' ? [readRunResult(found.folder)] : [];
  });
}

/**
 * Reads everything that an experiment's runs left.
 *
 * @throws InputError where a run does not fit the experiment, or none of the baseline's is there yet
 */
export function findingsOf(experiment: Experiment, places: Places): Findings {
  checkTestData(experiment);
  const plan = planTrainings(experiment);
  const digest = sha256(experiment.test.data);
  const all = plan.schemes.map((scheme) => ({ scheme, run: judged(experiment, scheme, places, digest) }));
  const schemes: Scheme[] = experiment.schemes.flatMap(({ label }) => {
    const runs = all.flatMap(({ scheme, run }) => (scheme.label === label && run ? [run] : []));
    if (runs.length === 0) return [];
    return [{ name: label, isFull: runs.every(({ run }) => isFullTraining(run)), runs }];
  });
  const baseline = schemes.find(({ name }) => name === experiment.baseline);
  if (!baseline) {
    const hint = `llavolta experiment run ${experiment.name}`;
    throw new InputError({ file: experiment.name, rule: `has no finished run of ${experiment.baseline} yet`, hint });
  }
  return {
    result: {
      name: experiment.name,
      questions: baseline.runs[0]?.evaluation.questions ?? 0,
      schemes: summariseSchemes(schemes, baseline),
      curves: schemes.map(({ name, runs }) =>
        lossCurve(
          name,
          runs.map(({ run }) => run.losses),
        ),
      ),
      missing: all.flatMap(({ scheme, run }) => (run ? [] : [scheme.run])),
    },
    runs: [...preparedRuns(plan, places), ...schemes.flatMap(({ runs }) => runs.map(({ run }) => run))],
  };
}
