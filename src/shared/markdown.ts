/** A column of a table, in the terminal or in Markdown. */
export interface Column<Row> {
  readonly title: string;
  cell(row: Row): string;
  /** Numbers are easier to compare at the right. */
  readonly align?: 'left' | 'right';
}

/** The lines of a Markdown table. */
export function markdownTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(columns.map(({ title }) => title)),
    line(columns.map(({ align }) => (align === 'left' ? '---' : '---:'))),
    ...rows.map((row) => line(columns.map((column) => column.cell(row)))),
  ];
}

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
