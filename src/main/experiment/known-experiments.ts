/** The experiments that a workspace knows: those that come with the program, and those that were run in it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ExperimentRow, ExperimentRunState } from '../../shared/api/experiments.ts';
import { experimentSchema, plannedRuns, preparedRun, type Experiment } from '../../shared/experiment/experiment.ts';
import {
  answersFile,
  experimentNames,
  filesOf,
  readExperiment,
  type Places,
  type ReadExperiment,
} from './experiment-file.ts';

/** An experiment as it was run here; undefined where it was not, or its file is damaged. */
function runExperiment(name: string, places: Places): ReadExperiment | undefined {
  const { file } = filesOf({ name }, places);
  if (!existsSync(file)) return undefined;
  try {
    const { data } = experimentSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    return data && { experiment: data, source: `${name}.yaml`, text: stringify(data) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** An experiment by its name: as it was run here last, else as it comes with the program. */
export function knownExperiment(name: string, places: Places): ReadExperiment | undefined {
  if (experimentNames().includes(name)) return readExperiment(name);
  return runExperiment(name, places);
}

/** Names of all, sorted. */
export function knownNames({ experiments }: Places): string[] {
  const folders = existsSync(experiments) ? readdirSync(experiments) : [];
  const here = folders.filter((name) => existsSync(join(experiments, name, 'experiment.json')));
  return [...new Set([...experimentNames(), ...here])].sort();
}

/** Its runs in their order, those that the others build on first; those whose answers are kept are done. */
export function runStatesOf(experiment: Experiment, places: Places): ExperimentRunState[] {
  const prepared = experiment.prepare.map(preparedRun).map((run): ExperimentRunState => {
    const isThere = existsSync(join(places.runs, run, 'final'));
    return { run, state: isThere ? 'done' : 'waiting' };
  });
  const runs = plannedRuns(experiment).map(({ run, label, seed }): ExperimentRunState => {
    const isDone = existsSync(answersFile(experiment, run, places));
    return { run, label, seed, state: isDone ? 'done' : 'waiting' };
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
