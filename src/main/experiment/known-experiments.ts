/** The experiments that a workspace knows: those that come with the program, and those that were run in it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ExperimentRow, ExperimentRunState } from '../../shared/api/experiments.ts';
import {
  experimentSchema,
  plannedRuns,
  preparedRun,
  type Experiment,
  type PlannedRun,
} from '../../shared/experiment/experiment.ts';
import { sha256 } from '../runs/file-digest.ts';
import { readRun } from '../runs/find-run.ts';
import {
  answersFile,
  experimentNames,
  filesOf,
  readExperiment,
  type Places,
  type ReadExperiment,
} from './experiment-file.ts';
import { answersKey, hasAnswers } from './kept-answers.ts';

/** An experiment as it was run here last; undefined where it was not, or its file is damaged or of another version. */
function runExperiment(name: string, places: Places): ReadExperiment | undefined {
  const { file } = filesOf({ name }, places);
  if (!existsSync(file)) return undefined;
  try {
    const { data } = experimentSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (data?.name !== name) return undefined;
    return { experiment: data, source: `${name}.yaml`, text: stringify(data) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** An experiment by its name: as it comes with the program, else as it was run here last. */
export function knownExperiment(name: string, places: Places): ReadExperiment | undefined {
  if (experimentNames().includes(name)) return readExperiment(name);
  return runExperiment(name, places);
}

/** All, by name; without those whose file is damaged. */
export function knownExperiments(places: Places): ReadExperiment[] {
  const { experiments } = places;
  const here = existsSync(experiments) ? readdirSync(experiments) : [];
  const names = [...new Set([...experimentNames(), ...here])].sort();
  return names.flatMap((name) => knownExperiment(name, places) ?? []);
}

/** Whether a run is finished and has answered the questions as they are now. */
function isDone(experiment: Experiment, planned: PlannedRun, places: Places): boolean {
  const file = answersFile(experiment, planned.run, places);
  const found = readRun(join(places.runs, planned.run));
  if (found?.record.state !== 'finished' || !existsSync(file)) return false;
  const { data } = experiment.test;
  // Without the questions nobody can tell, and nothing can be asked again.
  return !existsSync(data) || hasAnswers(file, answersKey(experiment, found, planned, sha256(data)));
}

/** Its runs in their order, those that the others build on first. */
function runStatesOf(experiment: Experiment, places: Places): ExperimentRunState[] {
  const prepared = experiment.prepare.map(preparedRun).map((run): ExperimentRunState => {
    const isFinished = readRun(join(places.runs, run))?.record.state === 'finished';
    return { run, state: isFinished ? 'done' : 'waiting' };
  });
  const runs = plannedRuns(experiment).map((planned): ExperimentRunState => {
    const { run, label, seed } = planned;
    return { run, label, seed, state: isDone(experiment, planned, places) ? 'done' : 'waiting' };
  });
  return [...prepared, ...runs];
}

/** The row of an experiment that does not run. */
export function restingRow(experiment: Experiment, places: Places): ExperimentRow {
  const { name, description, baseline, schemes, seeds, test } = experiment;
  return {
    ...{ name, description, baseline, seeds, data: test.data, isRunning: false },
    schemes: schemes.map(({ label }) => label),
    runs: runStatesOf(experiment, places),
  };
}
