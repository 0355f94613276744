/** A part of the report: what was measured, as a table with a few words. */
import type { FrameTimes } from '../frame-times.ts';

export interface Section {
  readonly title: string;
  /** How it was measured. */
  readonly text: string;
  /** The first row is the head; the first column holds names, the others numbers. */
  readonly table: readonly (readonly string[])[];
}

/** A number with so many decimals, thousands apart. */
export const shown = (value: number, decimals = 0): string =>
  value.toLocaleString('en-GB', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });

const BYTES_PER_MB = 1e6;

export const shownMegabytes = (bytes: number): string => shown(bytes / BYTES_PER_MB);

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** z of a two-sided 95 % interval. */
const Z = 1.96;

/**
 * An interval that holds the true median in about 95 of 100 samples, whatever the distribution: the values at ranks n/2 ∓
 * z√n/2 of the sorted ones (binomial order statistics). All of them where there are too few.
 */
export function medianInterval(values: readonly number[]): [low: number, high: number] {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(0, Math.floor(sorted.length / 2 - (Z * Math.sqrt(sorted.length)) / 2));
  return [sorted[rank] ?? NaN, sorted[sorted.length - 1 - rank] ?? NaN];
}

export const FRAME_HEAD = ['while', 'frames', 'median ms', '95 % ms', 'longest ms', 'over 50 ms'];

/** A row of a table of frame times. */
export const frameRow = (what: string, { frames, median, p95, longest, slow }: FrameTimes): string[] => [
  what,
  ...[shown(frames), shown(median, 1), shown(p95, 1), shown(longest, 1), shown(slow)],
];

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** A section as Markdown. */
export function sectionMarkdown({ title, text, table: [head = [], ...rows] }: Section): string {
  const rule = head.map((_, i) => (i === 0 ? '---' : '---:'));
  return [`## ${title}`, '', text, '', row(head), row(rule), ...rows.map(row), ''].join('\n');
}
