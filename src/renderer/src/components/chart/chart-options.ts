/** How a line chart of chart.js is set up: no animation, no points, axes in the design's colours. */
import {
  Chart,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  type ChartConfiguration,
  type ChartDataset,
  type ScaleOptionsByType,
} from 'chart.js';
import annotationPlugin, { type AnnotationOptions } from 'chartjs-plugin-annotation';
import zoomPlugin from 'chartjs-plugin-zoom';
import { toneColor } from '../../stage-tone.ts';
import { canvasColor } from './colors.ts';
import { decimate, type Point } from './decimate.ts';
import { seriesColor, type LineSeries, type StageBand, type XRange } from './series.ts';

Chart.register(
  LineController,
  LineElement,
  PointElement,
  LinearScale,
  LogarithmicScale,
  Filler,
  zoomPlugin,
  annotationPlugin,
);

export type LineChartOfPoints = Chart<'line', Point[], number>;
export type LineDataset = ChartDataset<'line', Point[]>;

/** Pixels of the y axis: the same in all charts, so that their x axes lie below each other. */
const Y_AXIS_WIDTH = 64;
const RAW_ALPHA = 0.28;
const FILL_ALPHA = 0.16;
const BAND_ALPHA = 0.1;

export interface AxisFormats {
  readonly x: (value: number) => string;
  readonly y: (value: number) => string;
}

const isRound = (value: number): boolean => {
  const mantissa = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
  return [1, 2, 5].some((round) => Math.abs(mantissa - round) < 1e-6);
};

/** Ticks are round numbers: 4.00 s is 4 s. */
const tickText = (text: string): string => text.replace(/\.0+(?!\d)/, '');

/** Where the axis ends with the data, chart.js adds a last tick out of step. */
function isInStep(ticks: readonly { readonly value: number }[], index: number): boolean {
  const [first, second, before, at] = [ticks[0], ticks[1], ticks[index - 1], ticks[index]];
  if (!first || !second || !before || !at || index < 2) return true;
  const step = second.value - first.value;
  return Math.abs(at.value - before.value - step) < 0.01 * step;
}

function axis(format: (value: number) => string, isLog = false): Partial<ScaleOptionsByType<'linear'>> {
  const ticks = {
    color: canvasColor('var(--text-faint)'),
    font: { size: 11 },
    maxRotation: 0,
    autoSkipPadding: 18,
    maxTicksLimit: 7,
    // Round numbers only, wherever the data or the part that is shown begin.
    includeBounds: false,
    callback: (value: number | string, index: number, all: readonly { readonly value: number }[]) => {
      const isShown = isLog ? isRound(Number(value)) : isInStep(all, index);
      return isShown ? tickText(format(Number(value))) : null;
    },
  };
  const options = {
    type: isLog ? 'logarithmic' : 'linear',
    border: { display: false },
    grid: { color: canvasColor('var(--line-soft)'), tickLength: 0 },
    ticks: isLog ? { ...ticks, autoSkip: true } : ticks,
  };
  return options as unknown as Partial<ScaleOptionsByType<'linear'>>;
}

/** Ends of the y axis that the values do not push out. */
export interface YLimits {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** Ends of the x axis: the range that was chosen, or those of all lines. */
export function endsOf(series: readonly LineSeries[], range: XRange | undefined): { min?: number; max?: number } {
  if (range) return { min: range.from, max: range.to };
  const drawn = series.filter(({ x }) => x.length > 0);
  const min = Math.min(...drawn.map(({ x }) => x[0]!));
  const max = Math.max(...drawn.map(({ x }) => x[x.length - 1]!));
  return max > min ? { min, max } : {};
}

/** Both axes; they are given anew when theme, formats or the kind of the y axis change. */
export function scalesOf(formats: AxisFormats, isLog: boolean, limits: YLimits): Record<string, object> {
  return {
    x: axis(formats.x),
    y: {
      ...axis(formats.y, isLog),
      ...(isLog ? {} : limits),
      afterFit: (scale: { width: number }) => (scale.width = Y_AXIS_WIDTH),
    },
  };
}

/** The stages as tinted bands, with K/S at their upper edge. */
export function bandAnnotations(bands: readonly StageBand[]): Record<string, AnnotationOptions<'box'>> {
  const entries = bands.map((band, index): [string, AnnotationOptions<'box'>] => [
    `stage-${index}`,
    {
      type: 'box',
      xMin: band.from,
      xMax: band.to,
      borderWidth: 0,
      backgroundColor: canvasColor(toneColor(band.tone), BAND_ALPHA),
      drawTime: 'beforeDatasetsDraw',
      label: {
        display: true,
        content: band.label,
        position: { x: 'center', y: 'start' },
        padding: 3,
        font: { size: 10, weight: 600 },
        color: canvasColor('var(--text-dim)'),
      },
    },
  ]);
  return Object.fromEntries(entries);
}

/** A log axis has no place for what is not positive. */
function positive(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values, (value) => (value > 0 ? value : NaN));
}

interface Drawing {
  readonly range: XRange | undefined;
  readonly isLog: boolean;
  /** Pixels that the lines have. */
  readonly width: number;
}

function dataset(series: LineSeries, index: number, isRaw: boolean, drawing: Drawing): LineDataset {
  const values = isRaw ? (series.raw ?? series.y) : series.y;
  const color = series.color ?? seriesColor(index);
  const points = decimate(series.x, drawing.isLog ? positive(values) : values, drawing.range, drawing.width);
  return {
    label: series.label,
    data: points,
    borderColor: canvasColor(color, isRaw ? RAW_ALPHA : 1),
    backgroundColor: canvasColor(color, FILL_ALPHA),
    borderWidth: isRaw ? 1 : 1.6,
    borderDash: series.isDashed ? [5, 4] : [],
    fill: series.isFilled && !isRaw ? 'start' : false,
    pointRadius: points.length === 1 ? 2.5 : series.hasDots && !isRaw ? 3 : 0,
    pointBackgroundColor: canvasColor(color),
    // Smoothed lines lie above all raw ones.
    order: isRaw ? 1 : 0,
  };
}

/** The band between two lines: the second is filled down to the first, which comes right before it. */
function band(series: LineSeries, index: number, drawing: Drawing): LineDataset[] {
  const { low, high } = series;
  if (!low || !high) return [];
  const edge = (y: ArrayLike<number>, fill: string | false): LineDataset => ({
    ...dataset({ ...series, y, hasDots: false, isFilled: false }, index, false, drawing),
    ...{ borderWidth: 0, pointRadius: 0, fill, order: 2 },
  });
  return [edge(low, false), edge(high, '-1')];
}

/** What chart.js draws: every band, every raw trace and every line. */
export function datasetsOf(series: readonly LineSeries[], drawing: Drawing): LineDataset[] {
  return series.flatMap((line, index) => [
    ...band(line, index, drawing),
    ...(line.raw ? [dataset(line, index, true, drawing)] : []),
    dataset(line, index, false, drawing),
  ]);
}

/** An empty chart. `onZoom`: the user chose another part of the x axis. */
export function emptyChart(onZoom: (range: XRange) => void): ChartConfiguration<'line', Point[], number> {
  const report = ({ chart }: { chart: Chart }): void => {
    const { min = 0, max = 0 } = chart.scales['x'] ?? {};
    onZoom({ from: min, to: max });
  };
  const fonts = getComputedStyle(document.documentElement).getPropertyValue('--font-sans');
  Chart.defaults.font.family = fonts;
  return {
    type: 'line',
    data: { datasets: [] },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      parsing: false,
      normalized: true,
      // Hover is ours: it costs no drawing, and it is the same in all charts.
      events: [],
      layout: { padding: { top: 4, right: 10 } },
      plugins: {
        legend: { display: false },
        tooltip: { enabled: false },
        annotation: { annotations: {}, clip: true },
        zoom: {
          zoom: {
            mode: 'x',
            // Without the key the wheel scrolls the page; a pinch on a touchpad comes with it.
            wheel: { enabled: true, modifierKey: 'ctrl', speed: 0.15 },
            pinch: { enabled: true },
            drag: { enabled: true, threshold: 6, backgroundColor: canvasColor('var(--accent)', 0.18) },
            onZoomComplete: report,
          },
          pan: { enabled: true, mode: 'x', modifierKey: 'shift', onPanComplete: report },
        },
      },
    },
  };
}
