import { reshapeOp } from '../backend/ops/reshape.ts';
import { linear } from '../backend/ops/linear.ts';
import { concatRows, gatherRows } from '../backend/ops/rows.ts';
import type { HostArrays } from '../backend/host-arrays.ts';
import type { Tensor } from '../backend/tensorflow.ts';
import type { Compressor, PlannedPoint } from './compressor.ts';
import { averagePool } from './average-pool.ts';
import { flatGroups, flatLength } from './flat-rows.ts';
import { pooledPositions } from './pooling.ts';
import { sourceRows } from './selection.ts';

/**
 * - `taps` int32 [M·S]: flat rows of the S tokens behind each of the M that are left; some of no use without any group
 * - `source` int32 [B·T′]: into [all rows before the point; the M convolved ones]
 */
function convolutionArrays(planned: PlannedPoint): HostArrays {
  const { stride } = planned.point;
  const groups = flatGroups(planned);
  const taps = groups.flatMap(({ start, kept }) => Array.from({ length: kept * stride }, (_, i) => start + i));
  const firsts = groups.map((_, g) => groups.slice(0, g).reduce((total, { kept }) => total + kept, 0));
  const rowsBefore = flatLength(planned.before);
  const data = taps.length > 0 ? Int32Array.from(taps) : new Int32Array(stride);
  return {
    taps: { shape: [data.length], data },
    source: sourceRows(planned, (_, g, j) => rowsBefore + (firsts[g] as number) + j),
  };
}

/**
 * The parametric compressor of the paper (Tab. 3): a learned convolution in one dimension over the raster order of each
 * group, kernel and stride S, every channel from every channel, without a bias. It starts as the mean, so that an
 * untrained one is average pooling, and it is trained with the model. Position ids are averaged and rounded down; a
 * remainder of the group is dropped. Its weight [D, S·D] has the taps side by side, and belongs to the point.
 */
export const parametric: Compressor = {
  name: 'parametric',
  hasWeight: true,

  plan: (planned) => ({ ...averagePool.plan(planned), ...convolutionArrays(planned) }),

  apply(states, arrays, context) {
    const { taps, source, assignment } = arrays as Record<'taps' | 'source' | 'assignment', Tensor>;
    const weight = context.weight as Tensor;
    const windows = reshapeOp(gatherRows(states, taps), [-1, weight.shape[1] as number]); // [M, S·D]
    return {
      states: gatherRows(concatRows(states, linear(windows, weight)), source),
      positions: pooledPositions(assignment, context),
      assignment,
    };
  },
};
