import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { InputError } from '../../shared/errors.ts';
import { easyVqaReport } from '../report/easy-vqa-report.ts';
import { readRunResult } from '../report/run-result.ts';
import { shownFile } from '../terminal/shown-file.ts';

export const summary = 'write a page of results from the folders of finished runs';

export const usage = `
Usage: llavolta report easy-vqa <run folder …> [--out FILE]

Compares the schemes that the runs trained: accuracy over their seeds, training time, compression ratio, FLOPs saved, and
whether a difference is more than noise; the test-time redundancy of a full model; recipes and commands to do it again.
A run is judged by the evaluations kept in its folder: llavolta evaluate RUN --data FILE --json RUN/evaluations/NAME.json.
The one counts that has the most questions at the compression the run ended with. The redundancy table is made from the
one with the most settings.

--out   file to write; by default the page is printed
`;

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    options: { out: { type: 'string' } },
    allowPositionals: true,
  });
  const [subject, ...folders] = positionals;
  if (subject !== 'easy-vqa') throw new InputError({ field: 'report', value: subject, rule: 'must be easy-vqa' });
  if (folders.length === 0) throw new InputError({ field: 'report', rule: 'needs the folders of finished runs' });
  const runs = [...new Set(folders.map(shownFile))].sort();
  const out = values.out === undefined ? [] : ['--out', shownFile(values.out)];
  const page = easyVqaReport(runs.map(readRunResult), ['report', subject, ...runs, ...out].join(' '));
  if (values.out === undefined) process.stdout.write(page);
  else write(values.out, page);
  return 0;
}

function write(file: string, page: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, page);
  process.stdout.write(`${shownFile(file)} is written\n`);
}
