import type { StageTone } from '../../stage-tone.ts';

/** A line of a chart: columns of equal length, x ascending; where y is NaN the line is broken. */
export interface LineSeries {
  /** Stays the same while the line grows. */
  readonly id: string;
  readonly label: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** The values before smoothing, drawn faintly behind the line. */
  readonly raw?: ArrayLike<number>;
  /** CSS colour or variable, `var(--series-3)`; by default the next of the series colours. */
  readonly color?: string;
  /** Filled down to the axis. */
  readonly isFilled?: boolean;
  readonly isDashed?: boolean;
  /** Every value is a dot on the line: few values, each measured by itself. */
  readonly hasDots?: boolean;
  /** Interval of every value, drawn as a band behind the line. */
  readonly low?: ArrayLike<number>;
  readonly high?: ArrayLike<number>;
}

/** Part of the x axis that a stage takes, tinted behind the lines. */
export interface StageBand {
  readonly from: number;
  readonly to: number;
  /** K/S */
  readonly label: string;
  readonly tone: StageTone;
}

/** Part of the x axis that is shown. */
export interface XRange {
  readonly from: number;
  readonly to: number;
}

/** Colours of series that name none. */
const SERIES_COLORS = 12;

/** The CSS colour of the series or run at a place in a list. */
export const seriesColor = (index: number): string => `var(--series-${index % SERIES_COLORS})`;
