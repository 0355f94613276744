/** Compressors that put tokens together: everything they say is where each token goes. */
import type { HostArrays } from '../backend/host-arrays.ts';
import { div, floorDiv, isAtLeast, maximum, minimum, reshape, segmentSum, toFloat } from '../backend/kernels.ts';
import { segmentMean, type Segments } from '../backend/ops/rows.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import type { Compressed, CompressorContext, PlannedPoint } from './compressor.ts';
import { flatGroups, flatLength, textMoves, type FlatGroup } from './flat-rows.ts';

/**
 * Where every row goes, where lengths alone decide: int32 [B·T].
 *
 * @param placeOf which of the group's tokens after the point its token i goes into; −1 drops it
 */
export function fixedAssignment(
  planned: PlannedPoint,
  placeOf: (group: FlatGroup, i: number) => number,
): HostArrays[string] {
  const assignment = new Int32Array(flatLength(planned.before)).fill(-1);
  for (const { from, to } of textMoves(planned)) assignment[from] = to;
  for (const group of flatGroups(planned)) {
    for (let i = 0; i < group.length; i++) {
      const place = placeOf(group, i);
      if (place >= 0) assignment[group.start + i] = group.startAfter + place;
    }
  }
  return { shape: [assignment.length], data: assignment };
}

/** int32 [R] → int32 [S]: rows that go to each place. */
export const countsOf = (assignment: Tensor, rowsAfter: number): Tensor =>
  segmentSum(tf.onesLike(assignment), assignment, rowsAfter);

function segmentsOf(assignment: Tensor, counts: Tensor): Segments {
  const rows = toFloat(counts);
  const none = tf.zerosLike(assignment);
  return {
    segments: assignment,
    source: maximum(assignment, none),
    kept: reshape(isAtLeast(assignment, none), [-1, 1]),
    weight: reshape(div(minimum(rows, tf.onesLike(rows)), maximum(rows, tf.onesLike(rows))), [-1, 1]),
  };
}

const meanPositions = (assignment: Tensor, counts: Tensor, { positions, rowsAfter }: Pooling): Tensor =>
  floorDiv(segmentSum(positions, assignment, rowsAfter), maximum(counts, tf.onesLike(counts)));

type Pooling = Pick<CompressorContext, 'positions' | 'rowsAfter'>;

/** Means of the position ids of all rows that go to the same place, rounded down: int32 [B·T′]. */
export const pooledPositions = (assignment: Tensor, context: Pooling): Tensor =>
  meanPositions(assignment, countsOf(assignment, context.rowsAfter), context);

/**
 * Means of the states of all rows that go to the same place, and of their position ids, rounded down: the paper's code
 * averages and truncates them. Exact here, in float16 there.
 *
 * @param assignment int32 [B·T]; −1 drops a row
 */
export function pooled(states: Tensor, assignment: Tensor, context: Pooling): Compressed {
  const counts = countsOf(assignment, context.rowsAfter);
  return {
    states: segmentMean(states, segmentsOf(assignment, counts)),
    positions: meanPositions(assignment, counts, context),
    assignment,
  };
}
