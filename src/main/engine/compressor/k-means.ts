import type { DeviceArrays, HostArrays } from '../backend/host-arrays.ts';
import {
  add,
  argMax,
  batchMatMul,
  concat,
  div,
  gather,
  maximum,
  minimum,
  mul,
  negative,
  reshape,
  scale,
  segmentSum,
  square,
  sub,
  sum,
  toFloat,
  topK,
} from '../backend/kernels.ts';
import { concatRows, gatherRows } from '../backend/ops/rows.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import type { Compressor, PlannedPoint } from './compressor.ts';
import { drawnPlaces } from './draw.ts';
import { flattened, int, not, onlyWhere } from './flags.ts';
import { flatGroups } from './flat-rows.ts';
import { countsOf, fixedAssignment, pooled } from './pooling.ts';

/** Lloyd steps (assign, average) before the last assignment. */
const STEPS = 5;
/** Farther than any centroid. */
const FAR = 1e30;

/**
 * Arrays of G groups of at most N tokens and M clusters:
 *
 * - `members` int32 [G, N]: flat rows of the tokens · `present` int32 [G, N]: 1, and 0 where a group has fewer
 * - `seeds` int32 [G, M]: flat rows that the clusters begin at · `used` int32 [G, M]: 1, and 0 where a group has fewer
 * - `first` int32 [G, 1]: row of the group's first token after the point
 * - `text` int32 [B·T]: where text goes; −1 for all else
 */
function clusterArrays(planned: PlannedPoint): HostArrays {
  const groups = flatGroups(planned);
  const count = Math.max(groups.length, 1);
  const table = (width: number, value: (g: number, i: number) => number): HostArrays[string] => {
    const data = Int32Array.from({ length: count * width }, (_, at) => value(Math.floor(at / width), at % width));
    return { shape: [count, width], data };
  };
  const longest = Math.max(1, ...groups.map(({ length }) => length));
  const most = Math.max(1, ...groups.map(({ kept }) => kept));
  const drawn = groups.map(({ id, start, length, kept }) =>
    drawnPlaces(id, planned.point, length, kept).map((place) => start + place),
  );
  const has = (size: number | undefined, i: number): boolean => i < (size ?? 0);
  return {
    members: table(longest, (g, i) => (has(groups[g]?.length, i) ? (groups[g]?.start ?? 0) + i : 0)),
    present: table(longest, (g, i) => Number(has(groups[g]?.length, i))),
    seeds: table(most, (g, m) => drawn[g]?.[m] ?? 0),
    used: table(most, (g, m) => Number(has(groups[g]?.kept, m))),
    first: table(1, (g) => groups[g]?.startAfter ?? 0),
    text: fixedAssignment(planned, () => -1),
  };
}

/** The nearest centroid of each token. @param tokens [G, N, D] · @param centroids [G, M, D] @returns int32 [G, N] */
function nearest(tokens: Tensor, centroids: Tensor, used: Tensor): Tensor {
  const [groups, most] = used.shape as [number, number];
  const unused = scale(toFloat(not(used)), FAR);
  const own = reshape(add(sum(square(centroids), 2), unused), [groups, 1, most]); // |c|²; |x|² is the same for all
  return argMax(sub(scale(batchMatMul(tokens, centroids, { transposeB: true }), 2), own));
}

/** Flat cluster of every token, −1 where there is none: int32 [G·N]. */
function clusterOf(choice: Tensor, { present, used }: DeviceArrays): Tensor {
  const most = (used as Tensor).shape[1] as number;
  return reshape(onlyWhere(flattened(choice, most), present as Tensor), [-1]);
}

/** Lloyd's algorithm: the cluster of every token. @returns int32 [G, N], places among the clusters of the group */
function clustered(states: Tensor, arrays: DeviceArrays): Tensor {
  const { members, seeds, used } = arrays as Record<string, Tensor>;
  const tokens = gather(states, members as Tensor);
  let centroids = gather(states, seeds as Tensor);
  const [shape, width] = [centroids.shape, centroids.shape[2] as number];
  for (let step = 0; step < STEPS; step++) {
    const cluster = clusterOf(nearest(tokens, centroids, used as Tensor), arrays);
    const clusters = shape[0] * (shape[1] as number);
    const size = reshape(toFloat(countsOf(cluster, clusters)), [clusters, 1]);
    const isEmpty = not(minimum(size, tf.onesLike(size)));
    const total = segmentSum(reshape(tokens, [-1, width]), cluster, clusters);
    const mean = div(total, maximum(size, tf.onesLike(size)));
    // An empty cluster stays where it was.
    centroids = reshape(add(mean, mul(reshape(centroids, [clusters, width]), isEmpty)), shape);
  }
  return nearest(tokens, centroids, used as Tensor);
}

/** Place of each cluster when those of a group are ordered by mean position: int32 [G, M]. */
function ranks(meanPositions: Tensor, used: Tensor): Tensor {
  const most = used.shape[1] as number;
  const unused = scale(toFloat(not(used)), FAR);
  const order = topK(negative(add(meanPositions, unused)), most).indices;
  return topK(negative(order), most).indices; // the inverse of a permutation
}

/**
 * K-means over the hidden states of each group (paper, Tab. 3): one cluster for every S tokens, seeded with tokens drawn
 * by chance (the same ones each time), a few Lloyd steps. Each cluster becomes its centroid, at the mean of its members'
 * position ids rounded down; centroids are ordered by mean position. A cluster that ends up without members stands for
 * the token it began at. Gradients flow through the means, not through the assignment.
 */
export const kMeans: Compressor = {
  name: 'k-means',

  plan: clusterArrays,

  apply(states, arrays, { positions, rowsAfter }) {
    const { members, present, seeds, used, first, text } = arrays as Record<string, Tensor>;
    const [groups, most] = (used as Tensor).shape as [number, number];
    const choice = clustered(states, arrays);
    const cluster = clusterOf(choice, arrays);
    const size = countsOf(cluster, groups * most);
    const isEmpty = not(minimum(size, tf.onesLike(size)));
    const seed = reshape(seeds as Tensor, [-1]);
    const at = toFloat(positions);
    const total = add(
      segmentSum(gather(at, reshape(members as Tensor, [-1])), cluster, groups * most),
      mul(gather(at, seed), toFloat(isEmpty)),
    );
    const meanPositions = reshape(div(total, toFloat(maximum(size, tf.onesLike(size)))), [groups, most]);
    const place = reshape(add(ranks(meanPositions, used as Tensor), first as Tensor), [-1]); // [G·M], flat rows after
    const went = gather(place, maximum(cluster, tf.zerosLike(cluster)));
    const isPresent = reshape(present as Tensor, [-1]);
    const row = onlyWhere(reshape(members as Tensor, [-1]), isPresent);
    const assignment = add(text as Tensor, segmentSum(mul(add(went, int(1)), isPresent), row, states.shape[0]));
    const standIn = onlyWhere(place, mul(isEmpty, reshape(used as Tensor, [-1])));
    const result = pooled(concatRows(states, gatherRows(states, seed)), concat([assignment, standIn], 0), {
      positions: concat([positions, gather(positions, seed)], 0),
      rowsAfter,
    });
    return { ...result, assignment };
  },
};
