/** The recorded values of all charts at one place of the axis, as a table. */
import { seriesColor } from '../../../components/chart/series.ts';
import { type ChartRun, withDetail } from './chart-series.ts';
import type { ChartKind } from './charts.ts';
import { nearestIndex, type Columns } from './curve.ts';
import { columnsOf } from './derived.ts';

export interface ReadoutRow {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  /** Colour of the run, where there are several. */
  readonly color?: string;
}

export interface ReadoutGroup {
  readonly id: string;
  readonly title: string;
  readonly rows: readonly ReadoutRow[];
}

function columnsFor(run: ChartRun, key: ChartKind['lines'][number]['key']): Columns | undefined {
  const whole = columnsOf(run.whole, key);
  return whole && withDetail(whole, run.part && columnsOf(run.part, key));
}

/** Position of the point nearest to a place, of the last point where none is given; −1 where there is none. */
function positionOf({ x }: Columns, place: number | undefined): number {
  return place === undefined ? x.length - 1 : nearestIndex(x, place);
}

function rowsOf(chart: ChartKind, runs: readonly ChartRun[], place: number | undefined): ReadoutRow[] {
  return runs.flatMap((run, runIndex) =>
    chart.lines.flatMap(({ key, label }) => {
      const columns = columnsFor(run, key);
      const at = columns ? positionOf(columns, place) : -1;
      if (!columns || at < 0) return [];
      const value = columns.y[at]!;
      const name = chart.lines.length > 1 ? label : '';
      const isAlone = runs.length === 1;
      return [
        {
          id: `${run.name}/${key}`,
          label: isAlone ? name : [run.title, name].filter(Boolean).join(', '),
          value: Number.isFinite(value) ? chart.format(value) : '–',
          ...(!isAlone && { color: seriesColor(runIndex) }),
        },
      ];
    }),
  );
}

/**
 * @param place x that is pointed at; undefined = the newest values
 * @returns one group a chart; charts without values are left out
 */
export function readoutOf(
  charts: readonly ChartKind[],
  runs: readonly ChartRun[],
  place: number | undefined,
): ReadoutGroup[] {
  return charts
    .filter(({ form }) => form !== 'layers')
    .map((chart) => ({ id: chart.id, title: chart.title, rows: rowsOf(chart, runs, place) }))
    .filter(({ rows }) => rows.length > 0);
}

/** Optimizer step of the first run at a place of the axis; undefined before its first row. */
export function stepAt(runs: readonly ChartRun[], place: number | undefined): number | undefined {
  const columns = runs[0] && columnsFor(runs[0], 'loss');
  const at = columns ? positionOf(columns, place) : -1;
  return at < 0 ? undefined : columns?.steps[at];
}
