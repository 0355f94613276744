/** What the charts show, as CSV (RFC 4180) for a spreadsheet. */
import type { Columns } from './curve.ts';

/** A line of a chart with the run it is of. */
export interface CsvLine {
  readonly run: string;
  readonly label: string;
  readonly columns: Columns;
}

/** A cell. Text that a spreadsheet would take for a formula is set in quotes behind an apostrophe. */
export function csvCell(value: string | number): string {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const csvLine = (cells: readonly (string | number)[]): string => cells.map(csvCell).join(',');

/**
 * One row per point: run, line, step, x, value. Long form, as lines of different runs share no steps.
 *
 * @param axis title of the column of x
 */
export function linesToCsv(lines: readonly CsvLine[], axis: string): string {
  const rows = lines.flatMap(({ run, label, columns: { x, y, steps } }) =>
    Array.from(steps, (step, i) => csvLine([run, label, step, x[i]!, y[i]!])),
  );
  return [csvLine(['run', 'line', 'step', axis, 'value']), ...rows, ''].join('\r\n');
}
