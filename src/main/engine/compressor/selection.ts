/** Compressors that keep some tokens and drop the others: everything they say is which rows stay. */
import type { DeviceArrays, HostArrays } from '../backend/host-arrays.ts';
import { add, concat, gather, minimum, mul, negative, reshape, segmentSum, topK } from '../backend/kernels.ts';
import { gatherRows } from '../backend/ops/rows.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import type { Compressed, CompressorContext, PlannedPoint } from './compressor.ts';
import { flatGroups, flatLength, textMoves, type FlatGroup } from './flat-rows.ts';

/**
 * The rows that stay, in order.
 *
 * @param rows int32 [B·T′]: the row before the point behind each row after it; any for padding
 * @param isReal int32 [B·T′]: 1, and 0 for padding
 */
export function picked(
  states: Tensor,
  rows: Tensor,
  isReal: Tensor,
  { positions }: Pick<CompressorContext, 'positions'>,
): Compressed {
  const [before, after] = [states.shape[0], rows.shape[0]];
  const minusOne = tf.scalar(-1, 'int32');
  const source = add(mul(add(rows, tf.scalar(1, 'int32')), isReal), minusOne); // −1 for padding
  const place = add(segmentSum(tf.range(1, after + 1, 1, 'int32'), source, before), minusOne);
  return { states: gatherRows(states, rows), positions: gather(positions, rows), assignment: place };
}

/** int32 [B·T′]: 1 for text and visual tokens, 0 for padding. */
export function realRows({ after }: PlannedPoint): HostArrays[string] {
  const data = new Int32Array(flatLength(after));
  after.rows.forEach(({ length }, b) => data.fill(1, b * after.paddedLength, b * after.paddedLength + length));
  return { shape: [data.length], data };
}

/**
 * The row behind each row after the point.
 *
 * @param sourceOf where the j-th kept token of the g-th group comes from
 */
export function sourceRows(
  planned: PlannedPoint,
  sourceOf: (group: FlatGroup, g: number, j: number) => number,
): HostArrays[string] {
  const data = new Int32Array(flatLength(planned.after));
  for (const { from, to } of textMoves(planned)) data[to] = from;
  flatGroups(planned).forEach((group, g) => {
    for (let j = 0; j < group.kept; j++) data[group.startAfter + j] = sourceOf(group, g, j);
  });
  return { shape: [data.length], data };
}

const ABSENT = -1e9;

/**
 * Arrays for a choice among the tokens of each group, G groups of at most N tokens, of which at most M stay:
 *
 * - `members` int32 [G, N]: flat rows of the group's tokens
 * - `absence` [G, N]: 0, and −1e9 where the group has no such token
 * - `beyond` int32 [G, M]: 0, and N where the group keeps fewer than so many
 * - `source` int32 [B·T′]: into [all rows before the point; the G·M rows that were chosen]
 * - `isReal` int32 [B·T′]
 */
export function choiceArrays(planned: PlannedPoint): HostArrays {
  const groups = flatGroups(planned);
  const count = Math.max(groups.length, 1);
  const longest = Math.max(1, ...groups.map(({ length }) => length));
  const most = Math.max(1, ...groups.map(({ kept }) => kept));
  const rowsBefore = flatLength(planned.before);
  const members = new Int32Array(count * longest);
  const absence = new Float32Array(count * longest).fill(ABSENT);
  const beyond = new Int32Array(count * most).fill(longest);
  groups.forEach(({ start, length, kept }, g) => {
    for (let i = 0; i < length; i++) members[g * longest + i] = start + i;
    absence.fill(0, g * longest, g * longest + length);
    beyond.fill(0, g * most, g * most + kept);
  });
  return {
    members: { shape: [count, longest], data: members },
    absence: { shape: [count, longest], data: absence },
    beyond: { shape: [count, most], data: beyond },
    source: sourceRows(planned, (_, g, j) => rowsBefore + g * most + j),
    isReal: realRows(planned),
  };
}

/**
 * Places in their group of the tokens with the highest scores, ascending; where scores are equal, the first ones.
 *
 * @param scores [G, N]
 * @returns int32 [G, M]; N and more beyond what a group keeps
 */
export function highest(scores: Tensor, { absence, beyond }: DeviceArrays): Tensor {
  const most = (beyond as Tensor).shape[1] as number;
  const ranked = topK(add(scores, absence as Tensor), most).indices;
  return negative(topK(negative(add(ranked, beyond as Tensor)), most).values);
}

/**
 * Keeps the tokens with the highest scores of each group, in raster order.
 *
 * @param scores [G, N]
 * @param arrays those of `choiceArrays`
 */
export function chosen(
  states: Tensor,
  scores: Tensor,
  arrays: DeviceArrays,
  context: Pick<CompressorContext, 'positions'>,
): Compressed {
  const { members, source, isReal } = arrays as Record<string, Tensor>;
  const [groups, longest] = (members as Tensor).shape as [number, number];
  const places = minimum(highest(scores, arrays), tf.scalar(longest - 1, 'int32'));
  const first = tf.range(0, groups * longest, longest, 'int32');
  const index = reshape(add(places, reshape(first, [groups, 1])), [-1]);
  const rows = gather(reshape(members as Tensor, [-1]), index);
  const all = concat([tf.range(0, states.shape[0], 1, 'int32'), rows], 0);
  return picked(states, gather(all, source as Tensor), isReal as Tensor, context);
}
