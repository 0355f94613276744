import { parseArgs } from 'node:util';
import { InputError } from '../../shared/errors.ts';
import { plannedRuns, preparedRun } from '../../shared/experiment/experiment.ts';
import { readExperiment, type Places, type ReadExperiment } from '../experiment/experiment-file.ts';
import { ExperimentRun } from '../experiment/experiment-run.ts';
import { keepResult, resultsPage, writePage } from '../experiment/write-findings.ts';
import { terminalWork } from '../terminal/follow-experiment.ts';
import { clockTime } from '../terminal/training-view.ts';

export const summary = 'train several recipes with several seeds, ask each the same questions, and compare them';

export const usage = `
Usage: llavolta experiment run <experiment> [--runs folder] [--experiments folder] [--eager]
       llavolta experiment report <experiment> [--out FILE] [--runs folder] [--experiments folder]

  <experiment>       a YAML file, or the name of one that comes with the program (resources/experiments)
  --runs dir         folder of all runs; by default runs
  --experiments dir  folder of what experiments found; by default experiments
  --eager            run the ops one by one, not as recorded functions: slower, for finding faults
  --out FILE         file to write; the loss curves go beside it as FILE-loss.svg; by default the page is printed

run trains every scheme with the first seed, then every scheme with the next, and asks each model the test questions.
What is finished is kept, what was interrupted goes on, and a run of another recipe under the same name is refused. A
run that fails leaves the others as they are. Ctrl-C saves and leaves: start it again to go on.
report writes a page from what is there: accuracy, time, tokens and FLOPs of each scheme, significance, loss curves.
Exit code 0 when all runs are finished.
`;

const [FAILED, INTERRUPTED] = [1, 130];

const OPTIONS = {
  runs: { type: 'string', default: 'runs' },
  experiments: { type: 'string', default: 'experiments' },
  out: { type: 'string' },
  eager: { type: 'boolean', default: false },
} as const;

/** Without a run of the baseline there is nothing to compare with yet: that is said, and is no failure of its own. */
async function keepWhatIsThere(read: ReadExperiment, places: Places): Promise<void> {
  try {
    await keepResult(read, places);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stdout.write(`No result yet: ${error.message}\n`);
  }
}

async function runIt(read: ReadExperiment, places: Places, isEager: boolean): Promise<number> {
  const { experiment } = read;
  const begun = Date.now();
  const execution = isEager ? { execution: 'eager' as const } : {};
  const names = plannedRuns(experiment).map(({ run }) => run);
  const work = terminalWork(process.stdout, [...experiment.prepare.map(preparedRun), ...names]);
  const { type, failed } = await new ExperimentRun(experiment, { ...places, ...execution }, work).run();
  const time = clockTime(Date.now() - begun);
  if (type === 'stopped') {
    process.stdout.write(`Stopped after ${time}. The same command goes on from here.\n`);
    return INTERRUPTED;
  }
  if (failed.length < names.length) await keepWhatIsThere(read, places);
  const text =
    failed.length === 0
      ? `All runs are finished (${time})`
      : `${failed.length} runs failed (${time}): ${failed.join(', ')}. The same command tries them again`;
  process.stdout.write(`${text}\n`);
  return failed.length === 0 ? 0 : FAILED;
}

async function reportIt(read: ReadExperiment, places: Places, out: string | undefined): Promise<number> {
  const page = resultsPage(read, await keepResult(read, places), out);
  if (out === undefined) process.stdout.write(page.markdown);
  else for (const file of await writePage(out, page)) process.stdout.write(`${file} is written\n`);
  return 0;
}

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: argv, options: OPTIONS, allowPositionals: true });
  const [action, source, ...rest] = positionals;
  if ((action !== 'run' && action !== 'report') || source === undefined || rest.length > 0) {
    const rule = 'needs run or report, and one experiment';
    throw new InputError({ field: 'experiment', value: action, rule, hint: 'llavolta experiment --help' });
  }
  const places = { runs: values.runs, experiments: values.experiments };
  const read = readExperiment(source);
  return action === 'run' ? runIt(read, places, values.eager) : reportIt(read, places, values.out);
}
