/** Where experiments are: files that come with the program, files of one's own, and the folder of what each found. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../../shared/errors.ts';
import { parseExperiment } from '../../shared/experiment/experiment-yaml.ts';
import type { Experiment } from '../../shared/experiment/experiment.ts';

const FOLDER = fileURLToPath(new URL('../../../resources/experiments/', import.meta.url));
const EXTENSION = '.yaml';

/** An experiment with the text it was read from. */
export interface ReadExperiment {
  readonly experiment: Experiment;
  /** As it was named. */
  readonly source: string;
  readonly text: string;
}

/** Names of the experiments that come with the program, sorted. */
export function experimentNames(): string[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(EXTENSION));
  return files.map((file) => file.slice(0, -EXTENSION.length)).sort();
}

/**
 * Reads an experiment.
 *
 * @param source a file, or the name of one in resources/experiments
 * @throws InputError naming file, line and column, field, value and limit
 */
export function readExperiment(source: string): ReadExperiment {
  const names = experimentNames();
  const file = names.includes(source) ? join(FOLDER, `${source}${EXTENSION}`) : source;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const rule = 'must be an experiment file that can be read, or the name of one that comes with the program';
    throw new InputError({ file, rule, hint: `There are: ${names.join(', ')}` }, { cause: error });
  }
  const experiment = parseExperiment(text, file);
  if (file === source) checkOwnName(experiment, file);
  return { experiment, source, text };
}

/** A name stands for one experiment: findings under that of the program's own would be taken for that one's. */
function checkOwnName(experiment: Experiment, file: string): void {
  const { name } = experiment;
  if (!experimentNames().includes(name) || isDeepStrictEqual(readExperiment(name).experiment, experiment)) return;
  const rule = 'is that of an experiment that comes with the program, which is another one';
  throw new InputError({ file, field: 'name', value: name, rule, hint: 'Give it a name of its own' });
}

/** Where the runs and the findings of experiments are. */
export interface Places {
  /** Folder of the runs' folders. */
  readonly runs: string;
  /** Folder of the experiments' folders. */
  readonly experiments: string;
}

/** The files of an experiment's folder. */
export function filesOf(
  { name }: Pick<Experiment, 'name'>,
  { experiments }: Places,
): Record<'file' | 'result', string> {
  const folder = join(experiments, name);
  return { file: join(folder, 'experiment.json'), result: join(folder, 'result.json') };
}

/** Where a run's answers are kept. */
export function answersFile({ name }: Pick<Experiment, 'name'>, run: string, { experiments }: Places): string {
  return join(experiments, name, 'answers', `${run}.json`);
}
