/**
 * Clusters by density peaks among k nearest neighbours (DPC-kNN, Du et al. 2016): a centre is a token of high density
 * that is far from any of higher density; every other token belongs to its nearest centre.
 * SparseVLM's authors rate a centre by density times distance and measure density by as many neighbours as there are
 * clusters; here it is the squared distance, and 5 neighbours.
 */
import type { DeviceArrays, HostArrays } from '../backend/host-arrays.ts';
import {
  add,
  argMax,
  batchMatMul,
  exp,
  gather,
  isAtLeast,
  max,
  maximum,
  minimum,
  mul,
  negative,
  rangeVector,
  reshape,
  scale,
  square,
  sub,
  sum,
  topK,
  transpose,
} from '../backend/kernels.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import { flattened, not } from './flags.ts';

/** Neighbours that density is measured by, the token itself being the first. */
const NEIGHBOURS = 5;
/** Farther than any token; times 0 it is 0. */
const FAR = 1e30;

/** Of each group: tokens to cluster, and the number of clusters. */
export interface ClusterCounts {
  readonly tokens: number;
  readonly clusters: number;
}

/**
 * Arrays for G groups of at most R tokens, C clusters and k neighbours:
 *
 * - `noToken` [G, R]: 0, and 1 where a group has no such token · `noCluster` [G, C, 1]: likewise
 * - `nearness` [G, 1, k]: 1 / neighbours of a token, 0 where a group has no more
 */
export function peakArrays(groups: readonly ClusterCounts[]): HostArrays {
  const size = Math.max(groups.length, 1);
  const most = Math.max(1, ...groups.map(({ tokens }) => tokens));
  const mostClusters = Math.max(1, ...groups.map(({ clusters }) => clusters));
  const neighbours = Math.min(NEIGHBOURS, most);
  const noToken = new Float32Array(size * most).fill(1);
  const noCluster = new Float32Array(size * mostClusters).fill(1);
  const nearness = new Float32Array(size * neighbours);
  groups.forEach(({ tokens, clusters }, g) => {
    const own = Math.min(neighbours, tokens);
    noToken.fill(0, g * most, g * most + tokens);
    noCluster.fill(0, g * mostClusters, g * mostClusters + clusters);
    nearness.fill(1 / own, g * neighbours, g * neighbours + own);
  });
  return {
    noToken: { shape: [size, most], data: noToken },
    noCluster: { shape: [size, mostClusters, 1], data: noCluster },
    nearness: { shape: [size, 1, neighbours], data: nearness },
  };
}

/** Squared distances per channel, FAR from and to what is no token: [G, R, D] → [G, R, R]. */
function distances(tokens: Tensor, noToken: Tensor): Tensor {
  const [groups, count, width] = tokens.shape as [number, number, number];
  const norms = sum(square(tokens), 2);
  const ends = add(reshape(norms, [groups, count, 1]), reshape(norms, [groups, 1, count]));
  const squared = sub(ends, scale(batchMatMul(tokens, tokens, { transposeB: true }), 2));
  const absent = maximum(reshape(noToken, [groups, count, 1]), reshape(noToken, [groups, 1, count]));
  return add(scale(maximum(squared, tf.zerosLike(squared)), 1 / width), scale(absent, FAR));
}

/** 1 where token j is denser than token i; of equally dense ones the first counts as denser: [G, R] → [G, R, R]. */
function isDenser(density: Tensor): Tensor {
  const [groups, count] = density.shape as [number, number];
  const [own, other] = [reshape(density, [groups, count, 1]), reshape(density, [groups, 1, count])];
  const places = rangeVector(count);
  const isLater = not(isAtLeast(reshape(places, [1, count]), reshape(places, [count, 1]))); // j < i
  const isAsDense = isAtLeast(other, own);
  return mul(isAsDense, maximum(not(isAtLeast(own, other)), reshape(isLater, [1, count, count])));
}

/**
 * Clusters the tokens of each group. No gradient.
 *
 * @param tokens [G, R, D]
 * @param arrays those of `peakArrays`
 * @returns `centres` int32 [G, C], places of tokens; `nearest` int32 [G, R], the place among the centres of each token's
 */
export function densityPeaks(tokens: Tensor, arrays: DeviceArrays): { centres: Tensor; nearest: Tensor } {
  const { noToken, noCluster, nearness } = arrays as Record<'noToken' | 'noCluster' | 'nearness', Tensor>;
  const [groups, count] = noToken.shape as [number, number];
  const clusters = noCluster.shape[1] as number;
  const between = distances(tokens, noToken); // [G, R, R]
  const neighbours = nearness.shape[2] as number;
  const near = negative(reshape(topK(reshape(negative(between), [-1, count]), neighbours).values, [groups, count, -1]));
  const density = exp(negative(sum(mul(near, nearness), 2)));
  const isReal = not(noToken);
  const farthest = max(mul(between, reshape(isReal, [groups, 1, count])), 2);
  const denser = mul(isDenser(density), reshape(isReal, [groups, 1, count]));
  const toDenser = negative(max(negative(add(between, scale(not(denser), FAR))), 2));
  const peaks = sub(mul(mul(minimum(toDenser, farthest), density), isReal), noToken); // −1 where there is no token
  const centres = topK(peaks, clusters).indices;
  const rows = flattened(centres, count);
  const toCentres = add(gather(reshape(between, [-1, count]), rows), scale(noCluster, FAR)); // [G, C, R]
  return { centres, nearest: argMax(transpose(negative(toCentres), [0, 2, 1])) };
}
