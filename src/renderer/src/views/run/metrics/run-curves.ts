/** All curves of a run on one axis: what the studio recorded, thinned out, and the rows that came since. */
import type { TrainMetrics, VisionMetrics } from '../../../../../shared/metrics.ts';
import type { MetricKey, MetricsAnswer, XAxis } from '../../../../../shared/api/metrics-query.ts';
import { Curve } from './curve.ts';

/** A row of metrics.jsonl. */
export type MetricsRow = TrainMetrics | VisionMetrics;

/** Where a row lies on an axis. `previous`: where the row before it does, in the same unit. */
function xOfRow(row: MetricsRow, axis: XAxis, previous: number): number {
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
  private readonly curves: Map<MetricKey, Curve>;
  private readonly keys: readonly MetricKey[];
  private lastStep: number;
  private lastX: number;
  private added = 0;

  /** @param wanted what was asked for: a run without rows answers with no series, and has them with its first row */
  constructor(answer: MetricsAnswer, wanted?: { readonly axis: XAxis; readonly keys: readonly MetricKey[] }) {
    const hasRows = answer.series.length > 0;
    this.axis = hasRows ? answer.x : (wanted?.axis ?? answer.x);
    this.keys = wanted?.keys ?? answer.series.map(({ key }) => key);
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
      for (const key of this.keys) this.curveFor(key, row)?.push(row.step, this.lastX, valueOfRow(row, key));
    }
  }

  /** The curve of a key; undefined where neither this row nor one before it has that number. */
  private curveFor(key: MetricKey, row: MetricsRow): Curve | undefined {
    const known = this.curves.get(key);
    if (known || Number.isNaN(valueOfRow(row, key))) return known;
    const curve = new Curve();
    this.curves.set(key, curve);
    return curve;
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
