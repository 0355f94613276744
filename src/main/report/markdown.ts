import { markdownTable } from '../terminal/table.ts';

/** A Markdown table. The first column is text, the others are numbers and stand to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = head.map((title, i) => ({
    title,
    align: i === 0 ? ('left' as const) : ('right' as const),
    // Text from a run (names, paths) cannot end its row.
    cell: (row: readonly string[]): string => (row[i] ?? '').replaceAll(/\s+/g, ' ').trim(),
  }));
  return markdownTable(columns, rows).join('\n');
}

/** A block of code; its fence is longer than any in the text. */
export function codeBlock(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.trimEnd()}\n${fence}`;
}

/** −1.20, +0.05, 0.00: with a sign that is as wide as a plus. */
export function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${value < 0 ? '−' : '+'}${text}`;
}

/** `95.31 ± 0.42`, or the mean alone where nothing is known of the noise. */
export function withSpread(mean: number, deviation: number, digits: number): string {
  return Number.isNaN(deviation) ? mean.toFixed(digits) : `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
}
