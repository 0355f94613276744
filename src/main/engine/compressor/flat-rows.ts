import type { PlannedPoint } from './compressor.ts';
import type { LayoutRow, SequenceLayout } from './sequence-layout.ts';

/** Where one visual group lies in the flat states before and after a point. */
export interface FlatGroup {
  readonly id: string;
  /** Row of the batch. */
  readonly row: number;
  /** First flat row [0, B·T) before the point, and its tokens. */
  readonly start: number;
  readonly length: number;
  /** First flat row [0, B·T′) after the point, and the tokens that are left. */
  readonly startAfter: number;
  readonly kept: number;
}

/** All groups of a batch, in order. */
export function flatGroups({ before, after }: PlannedPoint): FlatGroup[] {
  return before.rows.flatMap(({ groups }, row) =>
    groups.map(({ id, start, length }, g) => {
      const left = (after.rows[row] as LayoutRow).groups[g] as LayoutRow['groups'][number];
      return {
        ...{ id, row, length, kept: left.length },
        start: row * before.paddedLength + start,
        startAfter: row * after.paddedLength + left.start,
      };
    }),
  );
}

const textRows = ({ rows, paddedLength }: SequenceLayout): number[] =>
  rows.flatMap(({ origin }, b) => [...origin].flatMap((from, t) => (from < 0 ? [] : [b * paddedLength + t])));

/** Flat rows of every text token before and after a point. */
export function textMoves({ before, after }: PlannedPoint): { from: number; to: number }[] {
  const to = textRows(after);
  return textRows(before).map((from, i) => ({ from, to: to[i] as number }));
}

/** Flat rows of a layout, padding included. */
export const flatLength = ({ rows, paddedLength }: SequenceLayout): number => rows.length * paddedLength;
