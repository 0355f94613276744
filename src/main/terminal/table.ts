import type { Column } from '../../shared/markdown.ts';

/** Characters as the terminal shows them: combining marks take no place, wide letters two. */
export function shownWidth(text: string): number {
  let width = 0;
  for (const letter of text.replace(/\p{M}/gu, '')) {
    width += /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}/u.test(
      letter,
    )
      ? 2
      : 1;
  }
  return width;
}

function padded(text: string, width: number, align: Column<unknown>['align'] = 'right'): string {
  const space = ' '.repeat(Math.max(0, width - shownWidth(text)));
  return align === 'left' ? text + space : space + text;
}

/** Rows under titles, each column as wide as its widest cell. */
export function textTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map((column) => column.cell(row)))];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => shownWidth(line[i] ?? ''))));
  return cells.map((line) =>
    line
      .map((cell, i) => padded(cell, widths[i] ?? 0, columns[i]?.align))
      .join('  ')
      .trimEnd(),
  );
}
