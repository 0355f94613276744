import type { VisualGroup } from '../data/batch.ts';

/** One row of a padded batch, as it stands before some decoder layer. */
export interface LayoutRow {
  /** Tokens without padding. */
  readonly length: number;
  /** Visual groups (images or frames), ascending. */
  readonly groups: readonly VisualGroup[];
  /** Position id of each token. Text keeps its own through every compression, so gaps stay where tokens went. */
  readonly positions: Int32Array;
  /** For each token, where its text token stood in the uncompressed row; −1 for visual tokens. */
  readonly origin: Int32Array;
}

/**
 * Where everything is in a batch of rows, between two compression points. Plain data on the host: the device only ever
 * sees index arrays made from it.
 */
export interface SequenceLayout {
  readonly rows: readonly LayoutRow[];
  /** Padded length T. Padding is on the right. */
  readonly paddedLength: number;
}

/** Smallest step between padded lengths. */
const SMALLEST_STEP = 8;

/**
 * The padded length for a number of tokens: eight lengths between two powers of two (… 256, 288, 320, 352, 384 …), so
 * that a run meets few shapes and wastes 3 % on average.
 */
export function bucketLength(tokens: number): number {
  const octave = 2 ** Math.ceil(Math.log2(Math.max(tokens, 1)));
  return roundUp(tokens, Math.max(SMALLEST_STEP, octave / 16));
}

/** Rounds up to a multiple of `step`. */
export function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

/** Rows with the padding their longest asks for. */
export function layoutOf(rows: readonly LayoutRow[]): SequenceLayout {
  const longest = rows.reduce((max, row) => Math.max(max, row.length), 1);
  return { rows, paddedLength: bucketLength(longest) };
}

/** Rows without padding behind the longest: for batches that all have one length anyway. */
export function tightLayout(rows: readonly LayoutRow[]): SequenceLayout {
  return { rows, paddedLength: rows.reduce((max, row) => Math.max(max, row.length), 1) };
}

/**
 * Rows after a compression point. Where all rows lost the same number of tokens, so does the padded length: then a
 * setting adds no shapes of its own to those of the batches.
 */
export function layoutAfter(before: SequenceLayout, rows: readonly LayoutRow[]): SequenceLayout {
  const removed = rows.map((row, b) => (before.rows[b] as LayoutRow).length - row.length);
  const first = removed[0] ?? 0;
  if (removed.some((count) => count !== first)) return layoutOf(rows);
  return { rows, paddedLength: before.paddedLength - first };
}

/** Position ids of all rows, padded with 0: [B·T]. */
export function paddedPositions({ rows, paddedLength }: SequenceLayout): Int32Array {
  const positions = new Int32Array(rows.length * paddedLength);
  rows.forEach((row, b) => positions.set(row.positions, b * paddedLength));
  return positions;
}
