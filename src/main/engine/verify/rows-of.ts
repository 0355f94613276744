import type { SequenceLayout } from '../compressor/sequence-layout.ts';
import { IGNORED_LABEL, type EncodedRow } from '../data/batch.ts';

type Numbers = Float32Array | Int32Array;

/**
 * Positions 0, n, 2n … of every row, without padding, one after the other.
 *
 * @param values [B, T, width] flat
 * @param lengths real positions of each row
 * @param every n
 * @param stored whether `values` holds those positions only already: [B, ceil(T / n), width]
 */
export function realPositions(
  values: Numbers,
  lengths: readonly number[],
  width: number,
  every = 1,
  stored = false,
): Float32Array {
  const padded = values.length / (lengths.length * width);
  const picked: number[] = [];
  lengths.forEach((length, b) => {
    for (let t = 0, i = 0; t < length; t += every, i++) {
      const start = (b * padded + (stored ? i : t)) * width;
      for (let c = 0; c < width; c++) picked.push(values[start + c] as number);
    }
  });
  return Float32Array.from(picked);
}

/** Integers of every row, padded with `fill` to a common width: [B, width] flat. */
export function paddedRows(rows: readonly ArrayLike<number>[], width: number, fill: number): Int32Array {
  const padded = new Int32Array(rows.length * width).fill(fill);
  rows.forEach((row, b) => padded.set(Array.from(row), b * width));
  return padded;
}

/** Labels of the rows where their tokens are now; pooled tokens have none. */
export function labelsAfter({ rows }: SequenceLayout, before: readonly EncodedRow[]): Int32Array[] {
  return rows.map(({ origin }, b) =>
    origin.map((from) => (from < 0 ? IGNORED_LABEL : ((before[b] as EncodedRow).labels[from] as number))),
  );
}
