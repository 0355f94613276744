/** Which tokens ask, and where their attention to each visual token stands. */
import type { HostArrays } from '../backend/host-arrays.ts';
import type { PlannedPoint } from './compressor.ts';
import type { LayoutRow, SequenceLayout } from './sequence-layout.ts';

/** The tokens of a row that ask about its groups: places in the row, and for each group which of them. */
interface Askers {
  readonly places: readonly number[];
  readonly ofGroup: readonly number[];
}

/**
 * A group is asked about by the last token before the first answer behind it, which the answer has not been seen by: in
 * training as when answering. Behind the last answer the row's last token asks.
 */
function askersOf({ groups, answers, length }: LayoutRow): Askers {
  const wanted = groups.map(({ start, length: tokens }) => {
    const answer = answers.find((place) => place >= start + tokens);
    return (answer ?? length) - 1;
  });
  const places = [...new Set(wanted)];
  return { places, ofGroup: wanted.map((place) => places.indexOf(place)) };
}

/** Askers of every row, of each row as many: Q places, the last ones repeated where a row needs fewer. */
interface AskingRows {
  readonly count: number;
  readonly rows: readonly Askers[];
}

export function askingRows({ before }: PlannedPoint): AskingRows {
  const rows = before.rows.map(askersOf);
  return { count: Math.max(1, ...rows.map(({ places }) => places.length)), rows };
}

/** Place of the i-th asking token of row b. */
export const askerAt = ({ rows }: AskingRows, b: number, i: number): number => rows[b]?.places[i] ?? 0;

/** int32 [G, N]: where the attention of the group's asker to each token of the group stands in a flat [B, Q, T]. */
export function scorePlaces({ before }: PlannedPoint, asking: AskingRows, longest: number): HostArrays[string] {
  const groups = before.rows.flatMap((row, b) => row.groups.map((group, g) => ({ b, g, group })));
  const data = new Int32Array(Math.max(groups.length, 1) * longest);
  groups.forEach(({ b, g, group }, index) => {
    const asker = b * asking.count + (asking.rows[b]?.ofGroup[g] ?? 0);
    const first = asker * before.paddedLength + group.start;
    for (let i = 0; i < group.length; i++) data[index * longest + i] = first + i;
  });
  return { shape: [data.length / longest, longest], data };
}

/** Flat rows of tokens of every row, Q of each. */
export function flatQueries(
  { rows, paddedLength }: SequenceLayout,
  count: number,
  placeOf: (b: number, i: number) => number,
): HostArrays[string] {
  const data = new Int32Array(rows.length * count);
  rows.forEach((_, b) => {
    for (let i = 0; i < count; i++) data[b * count + i] = b * paddedLength + placeOf(b, i);
  });
  return { shape: [data.length], data };
}
