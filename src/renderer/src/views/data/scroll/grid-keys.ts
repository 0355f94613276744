/** Movement by keys in rows of `columns` cells. Pure. */

/** Cells of a grid; a list has one column. `pageRows`: whole rows in view. */
export interface GridShape {
  readonly count: number;
  readonly columns: number;
  readonly pageRows: number;
}

function step(key: string, { columns, pageRows }: GridShape): number | undefined {
  switch (key) {
    case 'ArrowLeft':
      return columns > 1 ? -1 : undefined;
    case 'ArrowRight':
      return columns > 1 ? 1 : undefined;
    case 'ArrowUp':
      return -columns;
    case 'ArrowDown':
      return columns;
    case 'PageUp':
      return -columns * Math.max(1, pageRows);
    case 'PageDown':
      return columns * Math.max(1, pageRows);
    default:
      return undefined;
  }
}

/**
 * The cell that a key leads to from cell `from`; undefined where the key moves nothing. Up and down keep the column;
 * below the last full row, down leads to the last cell.
 */
export function cellAfterKey(key: string, from: number, grid: GridShape): number | undefined {
  const last = grid.count - 1;
  if (last < 0) return undefined;
  if (key === 'Home') return 0;
  if (key === 'End') return last;
  const by = step(key, grid);
  if (by === undefined) return undefined;
  const to = from + by;
  if (to >= 0 && to <= last) return to;
  if (to > last) return Math.floor(from / grid.columns) === Math.floor(last / grid.columns) ? from : last;
  return key === 'PageUp' ? from % grid.columns : from;
}
