/** Thins a line out to what a screen can show, keeping the least and greatest value of every pixel column. */
import type { XRange } from './series.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Position of the first x that is not below `value`; `xs` ascends. */
export function lowerBound(xs: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = xs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Position of the x nearest to `value`, −1 where there is none. */
export function nearest(xs: ArrayLike<number>, value: number): number {
  const above = lowerBound(xs, value);
  if (above === xs.length) return xs.length - 1;
  return above > 0 && value - xs[above - 1]! < xs[above]! - value ? above - 1 : above;
}

/** Positions of the least and greatest known value of a bucket, in order; a gap where none is known. */
function extremes(ys: ArrayLike<number>, from: number, until: number): number[] {
  let least = -1;
  let greatest = -1;
  for (let i = from; i < until; i++) {
    const y = ys[i]!;
    if (Number.isNaN(y)) continue;
    if (least < 0 || y < ys[least]!) least = i;
    if (greatest < 0 || y > ys[greatest]!) greatest = i;
  }
  if (least < 0) return [from];
  if (least === greatest) return [least];
  return least < greatest ? [least, greatest] : [greatest, least];
}

/**
 * The points of a line in a range, and one beyond on either side so that the line leaves the picture.
 *
 * @param range by default everything
 * @param columns pixel columns: at most twice as many points come out, and the two ends
 */
export function decimate(
  xs: ArrayLike<number>,
  ys: ArrayLike<number>,
  range: XRange | undefined,
  columns: number,
): Point[] {
  const from = range ? Math.max(0, lowerBound(xs, range.from) - 1) : 0;
  const until = range ? Math.min(xs.length, lowerBound(xs, range.to) + 1) : xs.length;
  const count = until - from;
  const at = (i: number): Point => ({ x: xs[i]!, y: ys[i]! });
  if (count <= 2 * columns + 2) return Array.from({ length: Math.max(0, count) }, (_, i) => at(from + i));
  const points = [at(from)];
  const size = (count - 2) / columns;
  for (let column = 0; column < columns; column++) {
    const begin = from + 1 + Math.floor(column * size);
    const end = from + 1 + Math.floor((column + 1) * size);
    for (const i of extremes(ys, begin, end)) points.push(at(i));
  }
  points.push(at(until - 1));
  return points;
}
