/** All curves of a run on one axis: what the studio recorded, thinned out, and the rows that came since. */
import type { TrainMetrics, VisionMetrics } from '../../../../../shared/metrics.ts';
import type { MetricKey, MetricsAnswer, XAxis } from '../../../../../shared/api/metrics-query.ts';
import { Curve } from './curve.ts';

/** A row of metrics.jsonl. */
export type MetricsRow = TrainMetrics | VisionMetrics;

/** Where a row lies on an axis. `previous`: where the row before it does, in the same unit. */
export function xOfRow(row: MetricsRow, axis: XAxis, previous: number): number {
  if (axis === 'step') return row.step;
  if (axis === 'samples') return row.samples;
  if (axis === 'time') return previous + row.stepMs / 1000;
  return 'visualTokensSeen' in row ? row.visualTokensSeen : previous;
}

/** The number of a row under a key; NaN where its phase has none. */
export function valueOfRow(row: MetricsRow, key: MetricKey): number {
  const value: unknown = (row as Readonly<Record<string, unknown>>)[key];
  return typeof value === 'number' ? value : NaN;
}

function curveOf({ steps, x, values, means = values }: MetricsAnswer['series'][number]): Curve {
  const curve = new Curve();
  for (const [index, step] of steps.entries()) curve.push(step, x[index]!, values[index] ?? NaN, means[index] ?? NaN);
  return curve;
}

/** The curves of one run, by key. */
export class RunCurves {
  readonly axis: XAxis;
  private readonly curves: ReadonlyMap<MetricKey, Curve>;
  private lastStep: number;
  private lastX: number;
  private added = 0;

  constructor(answer: MetricsAnswer) {
    this.axis = answer.x;
    this.curves = new Map(answer.series.map((series) => [series.key, curveOf(series)]));
    const all = [...this.curves.values()];
    this.lastStep = Math.max(0, ...all.map((curve) => curve.lastStep));
    this.lastX = Math.max(0, ...all.map((curve) => curve.lastX ?? 0));
  }

  /** Rows that were added to what the studio had recorded. */
  get rowsAdded(): number {
    return this.added;
  }

  /** Largest x there is; 0 where there is none. */
  get end(): number {
    return this.lastX;
  }

  get(key: MetricKey): Curve | undefined {
    return this.curves.get(key);
  }

  /** Adds rows that are newer than all others; older ones (an event may repeat what was just fetched) are left out. */
  append(rows: readonly MetricsRow[]): void {
    for (const row of rows) {
      if (row.step <= this.lastStep) continue;
      this.lastX = xOfRow(row, this.axis, this.lastX);
      this.lastStep = row.step;
      this.added++;
      for (const [key, curve] of this.curves) curve.push(row.step, this.lastX, valueOfRow(row, key));
    }
  }

  /** The run went back to an optimizer step: what lies beyond it is no more. */
  rewind(step: number): void {
    if (step >= this.lastStep) return;
    for (const curve of this.curves.values()) curve.cutAfter(step);
    const all = [...this.curves.values()];
    this.lastStep = step;
    this.lastX = Math.max(0, ...all.map((curve) => curve.lastX ?? 0));
  }
}
