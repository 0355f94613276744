import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { InputError } from '../../shared/errors.ts';
import { countChecks, type Check } from '../../shared/verification.ts';
import { followJob } from '../terminal/follow-job.ts';
import type { Column } from '../../shared/markdown.ts';
import { textTable } from '../terminal/table.ts';

export const summary = 'compare the engine with a folder of reference cases';

export const usage = `
Usage: llavolta verify <folder> [--eager] [--json]

  <folder>  a reference case (a folder with case.json) or a folder of cases
  --eager   run the ops one by one, not as recorded functions
  --json    print every check as JSON

For every tensor and number of a case it prints the largest difference and the tolerance. What the engine cannot run yet
is listed as skipped, with the reason. Exit code 0 when nothing fails, else 1.
`;

const FAILED = 1;

const MEASURES: Readonly<Record<string, string>> = {
  'largest absolute difference': 'absolute',
  'relative L2 difference': 'relative L2',
  'relative difference': 'relative',
  'entries that differ': 'entries',
  'grey levels': 'grey levels',
};

/** Differences span many magnitudes: 0, 1.55e-5, 0.12. */
function differenceText(difference: number | undefined): string {
  if (difference === undefined) return '';
  return difference !== 0 && difference < 1e-2
    ? difference.toExponential(2)
    : String(Number(difference.toPrecision(3)));
}

const COLUMNS: readonly Column<Check>[] = [
  { title: '', cell: ({ status }) => status, align: 'left' },
  { title: 'topic', cell: ({ topic }) => topic, align: 'left' },
  { title: 'tensor', cell: ({ name }) => name, align: 'left' },
  { title: 'difference', cell: ({ difference }) => differenceText(difference) },
  {
    title: 'tolerance',
    cell: ({ tolerance }) =>
      tolerance === undefined ? '' : tolerance < 1e-2 && tolerance > 0 ? tolerance.toExponential() : String(tolerance),
  },
  { title: 'measure', cell: ({ measure, reason }) => reason ?? MEASURES[measure ?? ''] ?? '', align: 'left' },
];

/** All checks as text: one table for each case, then the counts. */
export function formatChecks(checks: readonly Check[]): string {
  const cases = [...new Set(checks.map((check) => check.case))];
  const tables = cases.flatMap((name) => {
    const own = checks.filter((check) => check.case === name);
    return [`${name}: ${countsText(own)}`, ...textTable(COLUMNS, own), ''];
  });
  return [...tables, `all: ${countsText(checks)}`, ''].join('\n');
}

function countsText(checks: readonly Check[]): string {
  const { pass, fail, skipped } = countChecks(checks);
  return `${pass} pass, ${fail} fail, ${skipped} skipped`;
}

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { eager: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
  });
  const [folder, ...rest] = positionals;
  if (folder === undefined || rest.length > 0) {
    throw new InputError({ field: 'verify', rule: 'needs one folder', hint: 'llavolta verify --help' });
  }
  const checks: Check[] = [];
  const execution = values.eager ? { execution: 'eager' as const } : {};
  const code = await followJob({ kind: 'verify', folder: resolve(folder), ...execution }, (message) => {
    if (message.type === 'check') checks.push(message.check);
  });
  const counts = countChecks(checks);
  if (checks.length > 0) {
    process.stdout.write(values.json ? `${JSON.stringify({ counts, checks }, null, 2)}\n` : formatChecks(checks));
  }
  return counts.fail > 0 ? FAILED : code;
}
