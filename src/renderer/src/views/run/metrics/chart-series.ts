/** The lines of a chart as they are drawn: every run's, smoothed, finer where the axis is zoomed. */
import { seriesColor, type LineSeries } from '../../../components/chart/series.ts';
import type { ChartKind } from './charts.ts';
import { type Columns } from './curve.ts';
import { columnsOf } from './derived.ts';
import type { RunCurves } from './run-curves.ts';
import { smooth } from './smoothing.ts';

/** A run in the charts. */
export interface ChartRun {
  readonly name: string;
  readonly title: string;
  readonly whole: RunCurves;
  /** Finer curves of the part that is shown. */
  readonly part?: RunCurves | undefined;
}

/** How lines are drawn. */
export interface DrawingStyle {
  /** Weight in [0, 1): 0 = as recorded. */
  readonly smoothing: number;
  readonly range: { readonly from: number; readonly to: number } | undefined;
}

/** A drawn line with what was recorded, for readouts and export. */
export interface DrawnLine extends LineSeries {
  readonly run: string;
  /** Name of the line within its chart. */
  readonly line: string;
  readonly columns: Columns;
}

/** More runs than this are drawn without their raw traces. */
const MOST_RAW_RUNS = 4;

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A curve with a finer one in place of the part that it covers. */
export function withDetail(whole: Columns, part: Columns | undefined): Columns {
  const [first, last] = [part?.x[0], part?.x.at(-1)];
  if (!part || first === undefined || last === undefined) return whole;
  let [before, after] = [0, whole.x.length];
  while (before < whole.x.length && whole.x[before]! < first) before++;
  while (after > before && whole.x[after - 1]! > last) after--;
  const join = (key: keyof Columns): Float64Array =>
    joined([whole[key].subarray(0, before), part[key], whole[key].subarray(after)]);
  return { x: join('x'), y: join('y'), mean: join('mean'), steps: join('steps') };
}

function shownLength(columns: Columns, range: DrawingStyle['range']): number {
  if (range) return range.to - range.from;
  return (columns.x.at(-1) ?? 0) - (columns.x[0] ?? 0);
}

/** The lines of a chart, the first run's first. One run: a colour a line; several: a colour a run, later lines dashed. */
export function drawnLines(chart: ChartKind, runs: readonly ChartRun[], style: DrawingStyle): DrawnLine[] {
  const isAlone = runs.length === 1;
  return runs.flatMap((run, runIndex) =>
    chart.lines.flatMap((line, lineIndex) => {
      const whole = columnsOf(run.whole, line.key);
      if (!whole || whole.x.length === 0) return [];
      const columns = withDetail(whole, run.part && columnsOf(run.part, line.key));
      const isSmoothed = chart.isSmoothed && style.smoothing > 0;
      const y = isSmoothed
        ? smooth(columns.x, columns.mean, style.smoothing, shownLength(columns, style.range))
        : columns.y;
      return [
        {
          ...{ id: `${run.name}/${line.key}`, run: run.title, line: line.label, columns, x: columns.x, y },
          label: isAlone ? line.label : chart.lines.length === 1 ? run.title : `${run.title}, ${line.label}`,
          color: seriesColor(isAlone ? lineIndex : runIndex),
          isDashed: !isAlone && lineIndex > 0,
          isFilled: isAlone && chart.form === 'area',
          ...(isSmoothed && runs.length <= MOST_RAW_RUNS && { raw: columns.y }),
        },
      ];
    }),
  );
}
