/** Comma-separated values for spreadsheets (RFC 4180). Cells are text or numbers, and nothing in them is a formula. */

export type CsvValue = string | number;

/** A cell. Text that a spreadsheet would take for a formula stands behind an apostrophe; what is no number is empty. */
export function csvCell(value: CsvValue): string {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A line, without its end. */
export const csvLine = (cells: readonly CsvValue[]): string => cells.map(csvCell).join(',');
