import {
  METRIC_KEYS,
  type MetricKey,
  type MetricsAnswer,
  type MetricSeries,
  type XAxis,
} from '../../../shared/api/metrics-query.ts';
import { decimate } from './decimate.ts';
import type { ColumnName, MetricsTable } from './metrics-table.ts';

const AXIS_COLUMNS: Readonly<Record<XAxis, ColumnName>> = {
  step: 'step',
  samples: 'samples',
  visualTokens: 'visualTokensSeen',
  time: 'seconds',
};

export interface MetricsQuery {
  readonly keys: readonly MetricKey[];
  readonly x: XAxis;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly points: number;
}

const NOTHING = new Float64Array(0);

/** First row whose value is at least `bound` (or above it). The column rises. */
function firstRow(values: Float64Array, bound: number, isAbove: boolean): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const value = values[middle] as number;
    if (isAbove ? value > bound : value >= bound) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** NaN is no value in JSON. */
const withNulls = (values: Float64Array): (number | null)[] =>
  Array.from(values, (value) => (Number.isNaN(value) ? null : value));

/** What all series of an answer share. */
interface Axis {
  readonly x: Float64Array;
  readonly steps: Float64Array;
  /** Rows of the range: from the first to before the last. */
  readonly from: number;
  readonly to: number;
  readonly points: number;
}

function seriesOf(key: MetricKey, values: Float64Array, { x, steps, from, to, points }: Axis): MetricSeries {
  const { rows, means } = decimate(values, from, to, points);
  const pick = (column: Float64Array): Float64Array => Float64Array.from(rows, (row) => column[row] as number);
  return {
    ...{ key, steps: Array.from(pick(steps)), x: Array.from(pick(x)), values: withNulls(pick(values)) },
    ...(means && { means: withNulls(means) }),
  };
}

/** What a chart of a run draws. Metrics that no row has are left out; an axis that the run does not have becomes the step. */
export function metricsAnswer(run: string, table: MetricsTable, query: MetricsQuery): MetricsAnswer {
  const steps = table.column('step') ?? NOTHING;
  const axis = table.column(AXIS_COLUMNS[query.x]);
  const x = axis ?? steps;
  const from = query.from === undefined ? 0 : firstRow(x, query.from, false);
  const to = query.to === undefined ? x.length : firstRow(x, query.to, true);
  const series = query.keys.flatMap((key) => {
    const values = table.column(key);
    return values ? [seriesOf(key, values, { from, to, points: query.points, x, steps })] : [];
  });
  const rows = Math.max(0, to - from);
  return {
    run,
    x: axis ? query.x : 'step',
    rows,
    isDecimated: rows > query.points,
    range: [x[0] ?? 0, x.at(-1) ?? 0],
    series,
  };
}

const CSV_COLUMNS: readonly ColumnName[] = ['step', ...METRIC_KEYS, 'seconds'];
const CSV_ROWS = 5000;

/** All rows as CSV, in pieces. Only numbers and our own names stand in it. */
export function* metricsCsv(table: MetricsTable): Generator<string> {
  const columns = CSV_COLUMNS.flatMap((name) => {
    const values = table.column(name);
    return values ? [{ name, values }] : [];
  });
  yield `${columns.map(({ name }) => name).join(',')}\n`;
  for (let from = 0; from < table.length; from += CSV_ROWS) {
    const lines = Array.from({ length: Math.min(CSV_ROWS, table.length - from) }, (_, i) =>
      columns.map(({ values }) => (Number.isNaN(values[from + i]) ? '' : String(values[from + i]))).join(','),
    );
    yield `${lines.join('\n')}\n`;
  }
}
