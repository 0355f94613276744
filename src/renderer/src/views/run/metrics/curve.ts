/** A curve that grows at its end: columns with room to spare, so that a new row costs no copy of the old ones. */

const FIRST_ROOM = 256;

/** Columns of equal length. `y` is NaN where there is no value. */
export interface Columns {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** What smoothing follows: `y` itself, or the mean of the rows that a point of a thinned-out curve stands for. */
  readonly mean: Float64Array;
  /** Optimizer step of each point. */
  readonly steps: Float64Array;
}

function roomier(column: Float64Array, room: number): Float64Array {
  const grown = new Float64Array(room);
  grown.set(column);
  return grown;
}

/** Points by ascending x. */
export class Curve {
  private x: Float64Array = new Float64Array(FIRST_ROOM);
  private y: Float64Array = new Float64Array(FIRST_ROOM);
  private mean: Float64Array = new Float64Array(FIRST_ROOM);
  private steps: Float64Array = new Float64Array(FIRST_ROOM);
  private count = 0;

  /** Points there are. */
  get length(): number {
    return this.count;
  }

  /** x of the last point; undefined where there is none. */
  get lastX(): number | undefined {
    return this.count > 0 ? this.x[this.count - 1] : undefined;
  }

  /** Step of the last point; 0 where there is none. */
  get lastStep(): number {
    return this.count > 0 ? this.steps[this.count - 1]! : 0;
  }

  /** The points as views, which later points do not change. */
  get columns(): Columns {
    const [x, y, mean, steps] = [this.x, this.y, this.mean, this.steps].map((all) => all.subarray(0, this.count));
    return { x: x!, y: y!, mean: mean!, steps: steps! };
  }

  /** Adds a point at the end. */
  push(step: number, x: number, y: number, mean = y): void {
    if (this.count === this.x.length) this.grow();
    this.steps[this.count] = step;
    this.x[this.count] = x;
    this.y[this.count] = y;
    this.mean[this.count] = mean;
    this.count++;
  }

  /** Drops the points beyond an optimizer step. */
  cutAfter(step: number): void {
    const kept = this.steps.subarray(0, this.count).findIndex((found) => found > step);
    if (kept < 0) return;
    this.count = kept;
    // Views handed out before stay as they were.
    this.x = this.x.slice();
    this.y = this.y.slice();
    this.mean = this.mean.slice();
    this.steps = this.steps.slice();
  }

  private grow(): void {
    const room = 2 * this.x.length;
    this.x = roomier(this.x, room);
    this.y = roomier(this.y, room);
    this.mean = roomier(this.mean, room);
    this.steps = roomier(this.steps, room);
  }
}

/** Position of the point nearest to `x`; −1 where there is none. `xs` ascends. */
export function nearestIndex(xs: ArrayLike<number>, x: number): number {
  let low = 0;
  let high = xs.length - 1;
  if (high < 0) return -1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle]! <= x) low = middle;
    else high = middle;
  }
  return Math.abs(xs[high]! - x) < Math.abs(xs[low]! - x) ? high : low;
}
