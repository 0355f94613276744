/** Rows to draw, and for each the mean of the bucket it is of; no means where every row is drawn. */
export interface DecimatedRows {
  readonly rows: Uint32Array;
  /** NaN where a bucket has no value. */
  readonly means?: Float64Array;
}

/**
 * Which rows to draw of many: the first and the last one, and of each bucket of rows the one with the least and the one
 * with the greatest value. So no extreme is lost, whatever the number of points.
 *
 * @param values of a column; NaN counts as no value
 * @param from first row, inclusive
 * @param to last row, exclusive
 * @param points most rows to take, 4 or more
 * @returns rows in ascending order; all of the range where they are few enough
 */
export function decimate(values: Float64Array, from: number, to: number, points: number): DecimatedRows {
  const count = to - from;
  if (count <= points) return { rows: Uint32Array.from({ length: Math.max(0, count) }, (_, i) => from + i) };
  const buckets = Math.floor((points - 2) / 2);
  const meanOf = new Map<number, number>();
  for (let bucket = 0; bucket < buckets; bucket++) {
    const begin = from + Math.floor((bucket * count) / buckets);
    const end = from + Math.floor(((bucket + 1) * count) / buckets);
    const mean = meanIn(values, begin, end);
    for (const row of extremes(values, begin, end)) meanOf.set(row, mean);
    if (bucket === 0) meanOf.set(from, mean);
    if (bucket === buckets - 1) meanOf.set(to - 1, mean);
  }
  const rows = Uint32Array.from(meanOf.keys()).sort();
  return { rows, means: Float64Array.from(rows, (row) => meanOf.get(row) as number) };
}

/** Mean of the values in rows `begin` to before `end`; NaN where there is none. */
function meanIn(values: Float64Array, begin: number, end: number): number {
  let [total, known] = [0, 0];
  for (let row = begin; row < end; row++) {
    const value = values[row] as number;
    if (Number.isNaN(value)) continue;
    total += value;
    known++;
  }
  return total / known;
}

function extremes(values: Float64Array, begin: number, end: number): number[] {
  let [least, greatest] = [-1, -1];
  for (let row = begin; row < end; row++) {
    const value = values[row] as number;
    if (Number.isNaN(value)) continue;
    if (least < 0 || value < (values[least] as number)) least = row;
    if (greatest < 0 || value > (values[greatest] as number)) greatest = row;
  }
  return least < 0 ? [] : [least, greatest];
}

/** Means of equal parts of a column, at most `parts`; parts without a value are left out. */
export function partMeans(values: Float64Array, parts: number): number[] {
  const count = Math.min(parts, values.length);
  const means: number[] = [];
  for (let part = 0; part < count; part++) {
    const begin = Math.floor((part * values.length) / count);
    const end = Math.floor(((part + 1) * values.length) / count);
    const mean = meanIn(values, begin, end);
    if (!Number.isNaN(mean)) means.push(mean);
  }
  return means;
}
