// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { expect, it } from 'vitest';
import DataTable from '../../../src/renderer/src/components/DataTable.vue';
import { nextSort, sortRows, type Column } from '../../../src/renderer/src/components/table.ts';

interface Row {
  readonly name: string;
  readonly score?: number;
}

const COLUMNS: Column<Row>[] = [
  { key: 'name', label: 'Name', value: ({ name }) => name },
  { key: 'score', label: 'Score', value: ({ score }) => score },
];
const ROWS: Row[] = [{ name: 'run10', score: 1 }, { name: 'run9' }, { name: 'run2', score: 3 }];
const names = (rows: readonly Row[]): string[] => rows.map(({ name }) => name);

it('sorts numbers in names, and puts what has no value last either way', () => {
  expect(names(sortRows(ROWS, COLUMNS, { key: 'name', isDescending: false }))).toEqual(['run2', 'run9', 'run10']);
  expect(names(sortRows(ROWS, COLUMNS, { key: 'score', isDescending: false }))).toEqual(['run10', 'run2', 'run9']);
  expect(names(sortRows(ROWS, COLUMNS, { key: 'score', isDescending: true }))).toEqual(['run2', 'run10', 'run9']);
});

it('goes up, down and back', () => {
  const up = nextSort(undefined, 'name');
  const down = nextSort(up, 'name');
  expect([up?.isDescending, down?.isDescending, nextSort(down, 'name')]).toEqual([false, true, undefined]);
});

it('opens by Enter, selects by Space and moves by arrows', async () => {
  const table = mount(DataTable<Row>, {
    attachTo: document.body,
    props: {
      label: 'Runs',
      columns: COLUMNS,
      rows: ROWS,
      rowKey: ({ name }: Row) => name,
      openable: true,
      selectable: true,
    },
  });
  const rows = table.findAll('tbody tr');
  expect(rows.map((row) => row.attributes('tabindex'))).toEqual(['0', '-1', '-1']);
  (rows[0]!.element as HTMLElement).focus();
  await rows[0]!.trigger('keydown', { key: 'ArrowDown' });
  expect(document.activeElement).toBe(rows[1]!.element);
  await rows[1]!.trigger('keydown', { key: 'Enter' });
  await rows[1]!.trigger('keydown', { key: ' ' });
  expect(table.emitted('open')).toEqual([[ROWS[1]]]);
  expect(table.emitted('update:selection')).toEqual([[['run9']]]);
  table.unmount();
});
