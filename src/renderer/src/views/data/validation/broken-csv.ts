import { csvLine } from '../../../../../shared/csv.ts';
import type { BrokenSample } from '../../../../../shared/dataset.ts';

/** The broken samples of a dataset as a CSV file with a header, for mending them elsewhere. */
export function brokenCsv(samples: readonly BrokenSample[]): string {
  const rows = samples.map(({ index, line, id, reason }) => [String(index), String(line), id ?? '', reason]);
  return [['index', 'line', 'id', 'reason'], ...rows].map((row) => `${csvLine(row)}\r\n`).join('');
}
