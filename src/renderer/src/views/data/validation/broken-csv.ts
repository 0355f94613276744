import type { BrokenSample } from '../../../../../shared/dataset.ts';

/** A cell; one that a spreadsheet would run as a formula is made text by an apostrophe. */
function cell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The broken samples of a dataset as a CSV file with a header, for mending them elsewhere. */
export function brokenCsv(samples: readonly BrokenSample[]): string {
  const rows = samples.map(({ index, line, id, reason }) => [String(index), String(line), id ?? '', reason]);
  return [['index', 'line', 'id', 'reason'], ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}
