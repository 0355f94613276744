import { pooledLength } from '../../../shared/compression.ts';
import type { VisualGroup } from '../data/batch.ts';

/** The visual tokens of one image or frame in a row. */
export interface LayoutGroup extends VisualGroup {
  /** The same for the same group of the same row, whatever it is batched with: what chance draws from. */
  readonly id: string;
}

/** One row of a padded batch, as it stands before some decoder layer. Position ids are decided on the device. */
export interface LayoutRow {
  /** Tokens without padding. */
  readonly length: number;
  /** Visual groups (images or frames), ascending. */
  readonly groups: readonly LayoutGroup[];
  /** For each token, where its text token stood in the uncompressed row; −1 for visual tokens. */
  readonly origin: Int32Array;
  /** Place of the first token of each answer, ascending, and where a row has no answer, its length: there it will begin. */
  readonly answers: readonly number[];
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

/** A row with every group shortened by `stride`; text moves up. */
function shortenedRow(row: LayoutRow, stride: number): LayoutRow {
  const groups: LayoutGroup[] = [];
  const origin: number[] = [];
  let at = 0;
  for (const { id, start, length } of row.groups) {
    origin.push(...row.origin.subarray(at, start));
    const kept = pooledLength(length, stride);
    groups.push({ id, start: origin.length, length: kept });
    for (let i = 0; i < kept; i++) origin.push(-1);
    at = start + length;
  }
  origin.push(...row.origin.subarray(at));
  const removed = row.length - origin.length;
  const answers = row.answers.map((place) => place - removedBefore(row, place, stride));
  return { length: row.length - removed, groups, origin: Int32Array.from(origin), answers };
}

function removedBefore({ groups }: LayoutRow, place: number, stride: number): number {
  return groups.reduce(
    (removed, { start, length }) => (start < place ? removed + length - pooledLength(length, stride) : removed),
    0,
  );
}

/** The layout behind a point that leaves one visual token in `stride` of every group. */
export function shortened(before: SequenceLayout, stride: number): SequenceLayout {
  return layoutAfter(
    before,
    before.rows.map((row) => shortenedRow(row, stride)),
  );
}

/** Position ids of all rows as they are counted, 0, 1, 2 …, padded with 0: [B·T]. */
export function countedPositions({ rows, paddedLength }: SequenceLayout): Int32Array {
  return Int32Array.from({ length: rows.length * paddedLength }, (_, i) => {
    const place = i % paddedLength;
    return place < (rows[Math.floor(i / paddedLength)] as LayoutRow).length ? place : 0;
  });
}
