import { parseArgs } from 'node:util';
import { shapesOptionsSchema } from '../../shared/dataset-source.ts';
import { InputError } from '../../shared/errors.ts';
import { runDemo } from '../demo/demo.ts';

export const summary = 'train, evaluate and ask a small model, live, in about five minutes';

export const usage = `
Usage: llavolta demo [--offline] [--runs FOLDER] [--data FOLDER] [--tower-steps N] [--steps N] [--questions N] [--eager]

Gets easy-VQA, trains a small vision tower, trains a small LLaVA on it by the released 4stage scheme, evaluates it with all
visual tokens and with fewer, and answers five questions both ways. A tower that is there already is taken again.
Ctrl-C saves a checkpoint; the next demo goes on from it.

--offline        take the shapes dataset, made here, without trying to download
--runs, --data   folders of the runs and of the datasets; by default runs and data
--tower-steps, --steps   optimizer steps of the two trainings; by default those of the recipes demo-tower and demo-4stage
--eager          run the ops one by one, not as recorded functions: slower, for finding faults
--questions      test questions that are evaluated (default 1000)
`;

function readCount(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InputError({ field: option, value: text, rule: 'must be a whole number, 1 or more' });
}

export function run(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      offline: { type: 'boolean', default: false },
      runs: { type: 'string', default: 'runs' },
      data: { type: 'string', default: 'data' },
      'tower-steps': { type: 'string' },
      steps: { type: 'string' },
      eager: { type: 'boolean', default: false },
      questions: { type: 'string', default: '1000' },
    },
  });
  const { offline, runs, data } = values;
  const towerSteps = readCount(values['tower-steps'], '--tower-steps');
  const steps = readCount(values.steps, '--steps');
  const questions = readCount(values.questions, '--questions') ?? 1;
  const options = {
    ...{ runs, questions, data: { folder: data, offline, shapes: shapesOptionsSchema.parse({}) } },
    ...{
      ...(towerSteps && { towerSteps }),
      ...(steps && { steps }),
      ...(values.eager && { execution: 'eager' as const }),
    },
  };
  return runDemo(options, process.stdout);
}
