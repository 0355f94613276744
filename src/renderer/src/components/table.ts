/** Columns and order of a DataTable, apart from its drawing. */

export type SortValue = string | number | undefined;

export interface Column<Row> {
  /** Name of the cell's slot, too: `cell-<key>`. */
  readonly key: string;
  readonly label: string;
  /** Only screen readers are told the label. */
  readonly hidesLabel?: boolean;
  readonly align?: 'left' | 'right';
  /** CSS width; the rest is shared out. */
  readonly width?: string;
  /** What the column is sorted by; without it, it cannot be sorted. */
  readonly value?: (row: Row) => SortValue;
}

export interface Sort {
  readonly key: string;
  readonly isDescending: boolean;
}

function compare(a: SortValue, b: SortValue): number {
  if (typeof a === 'string' && typeof b === 'string') return a.localeCompare(b, undefined, { numeric: true });
  return Number(a) - Number(b);
}

/** The rows in order; what has no value comes last either way, and equal rows stay as they were. */
export function sortRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sort: Sort | undefined): Row[] {
  const value = columns.find(({ key }) => key === sort?.key)?.value;
  if (!value || !sort) return [...rows];
  const sign = sort.isDescending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [left, right] = [value(a), value(b)];
    if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined);
    return sign * compare(left, right);
  });
}

/** What a press on a column's head does: sort by it, turn the order round, back to no order. */
export function nextSort(sort: Sort | undefined, key: string): Sort | undefined {
  if (sort?.key !== key) return { key, isDescending: false };
  return sort.isDescending ? undefined : { key, isDescending: true };
}
