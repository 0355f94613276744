import { describe, expect, it } from 'vitest';
import { markdownTable, type Column } from '../../../src/shared/markdown.ts';
import { shownWidth, textTable } from '../../../src/main/terminal/table.ts';

interface Row {
  readonly name: string;
  readonly value: number;
}
const COLUMNS: readonly Column<Row>[] = [
  { title: 'name', cell: ({ name }) => name, align: 'left' },
  { title: 'value', cell: ({ value }) => String(value) },
];

describe('tables', () => {
  it('align words left and numbers right, without spaces at the end of a line', () => {
    const rows = [
      { name: 'a', value: 1 },
      { name: 'long name', value: 12345 },
    ];
    expect(textTable(COLUMNS, rows)).toEqual(['name       value', 'a              1', 'long name  12345']);
  });

  it('keep columns straight where letters are wide or marks take no place', () => {
    expect([shownWidth('你好'), shownWidth('e\u0301'), shownWidth('😀'), shownWidth('abc')]).toEqual([4, 1, 2, 3]);
    const lines = textTable(COLUMNS, [{ name: '你好', value: 1 }]);
    expect(lines).toEqual(['name  value', '你好      1']);
  });

  it('are written in Markdown without breaking at a bar', () => {
    expect(markdownTable(COLUMNS, [{ name: 'a|b', value: 1 }])).toEqual([
      '| name | value |',
      '| --- | ---: |',
      '| a\\|b | 1 |',
    ]);
  });
});
