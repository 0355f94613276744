import { flopsColumns } from '../../shared/format-flops.ts';
import type { Column } from '../../shared/markdown.ts';
import type { ForecastCost } from '../../shared/run-forecast.ts';
import {
  forecastError,
  forecastLines,
  type Costs,
  type ForecastLine,
  type RunCosts,
  type StageCosts,
} from '../../shared/run-costs.ts';
import { textTable } from './table.ts';
import { clockTime, shortNumber } from './training-view.ts';

type Line = Costs & Partial<Pick<StageCosts, 'compression'>>;

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
const seconds = (ms: number): string => (ms < 600_000 ? `${(ms / 1000).toFixed(1)} s` : clockTime(ms));

const COLUMNS: readonly Column<Line>[] = [
  { title: 'K/S', cell: ({ compression = 'run' }) => compression, align: 'left' },
  { title: 'steps', cell: ({ steps }) => String(steps) },
  { title: 'time', cell: ({ ms }) => seconds(ms) },
  { title: 'ms/step', cell: ({ ms, steps }) => (steps === 0 ? '-' : (ms / steps).toFixed(1)) },
  { title: 'visual tokens', cell: ({ visualTokens }) => shortNumber(visualTokens) },
  { title: 'CR', cell: ({ compressionRatio: ratio }) => (ratio === undefined ? '-' : `${Math.round(ratio)} %`) },
  ...flopsColumns,
  { title: 'memory', cell: ({ memoryBytes }) => megabytes(memoryBytes) },
];

function pair(key: keyof ForecastCost, format: (value: number) => string): Column<ForecastLine>['cell'] {
  return ({ forecast, measured }) => {
    if (!measured) return `${format(forecast[key])} → -`;
    const error = forecastError(forecast[key], measured[key]);
    const off = error === undefined ? '' : ` (${error > 0 ? '+' : ''}${(100 * error).toFixed(1)} %)`;
    return `${format(forecast[key])} → ${format(measured[key])}${off}`;
  };
}

export const FORECAST_COLUMNS: readonly Column<ForecastLine>[] = [
  { title: 'K/S', cell: ({ compression = 'run' }) => compression, align: 'left' },
  { title: 'time', cell: pair('ms', seconds) },
  { title: 'memory', cell: pair('memoryBytes', megabytes) },
  { title: 'visual tokens', cell: pair('visualTokens', shortNumber) },
];

/** What a run took, and beside it what was forecast where something was. */
export function costsText(costs: RunCosts): string[] {
  const lines: readonly Line[] = [...costs.stages, costs.run];
  const took = textTable(COLUMNS, lines);
  if (!costs.forecast) return took;
  const title = 'forecast → measured; of the run with saving';
  return [...took, '', title, ...textTable(FORECAST_COLUMNS, forecastLines(costs.forecast, costs))];
}
