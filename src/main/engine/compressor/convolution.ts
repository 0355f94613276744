/** Compressors that learn a convolution: one linear map of the S tokens behind each that is left. */
import type { HostArrays } from '../backend/host-arrays.ts';
import { linear } from '../backend/ops/linear.ts';
import { reshapeOp } from '../backend/ops/reshape.ts';
import { concatRows, gatherRows } from '../backend/ops/rows.ts';
import type { Tensor } from '../backend/tensorflow.ts';
import type { Compressor, PlannedPoint } from './compressor.ts';
import { flatGroups, flatLength, type FlatGroup } from './flat-rows.ts';
import { pooledPositions } from './pooling.ts';
import { sourceRows } from './selection.ts';

/**
 * - `taps` int32 [M·S]: flat rows of the S tokens behind each of the M that are left; some of no use without any group
 * - `source` int32 [B·T′]: into [all rows before the point; the M convolved ones]
 *
 * @param tokenOf which of the group's tokens is tap s of its j-th token after the point
 */
export function convolutionArrays(
  planned: PlannedPoint,
  tokenOf: (group: FlatGroup, j: number, s: number) => number,
): HostArrays {
  const { stride } = planned.point;
  const groups = flatGroups(planned);
  const taps = groups.flatMap((group) =>
    Array.from({ length: group.kept * stride }, (_, i) => {
      return group.start + tokenOf(group, Math.floor(i / stride), i % stride);
    }),
  );
  const firsts = groups.map((_, g) => groups.slice(0, g).reduce((total, { kept }) => total + kept, 0));
  const rowsBefore = flatLength(planned.before);
  const data = taps.length > 0 ? Int32Array.from(taps) : new Int32Array(stride);
  return {
    taps: { shape: [data.length], data },
    source: sourceRows(planned, (_, g, j) => rowsBefore + (firsts[g] as number) + j),
  };
}

/**
 * The weight [D, S·D], its taps side by side, applied to the taps of every token that is left.
 *
 * @param arrays those of `convolutionArrays`, and the `assignment` of a pooling by the same windows
 */
export const convolved: Compressor['apply'] = (states, arrays, context) => {
  const { taps, source, assignment } = arrays as Record<'taps' | 'source' | 'assignment', Tensor>;
  const weight = context.weight as Tensor;
  const windows = reshapeOp(gatherRows(states, taps), [-1, weight.shape[1] as number]); // [M, S·D]
  return {
    states: gatherRows(concatRows(states, linear(windows, weight)), source),
    positions: pooledPositions(assignment, context),
    assignment,
  };
};
