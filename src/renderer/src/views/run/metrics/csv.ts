/** What the charts show, as CSV (RFC 4180) for a spreadsheet. */
import { csvLine } from '../../../../../shared/csv.ts';
import type { Columns } from './curve.ts';

/** A line of a chart with the run it is of. */
export interface CsvLine {
  readonly run: string;
  readonly label: string;
  readonly columns: Columns;
}

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
