import type { DeviceArrays, HostArrays } from '../backend/host-arrays.ts';
import { add, concat, gather, isAtLeast, maximum, mul, reshape, segmentSum, topK } from '../backend/kernels.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import type { Compressed, Compressor, CompressorContext, PlannedPoint } from './compressor.ts';
import { densityPeaks, peakArrays } from './density-peaks.ts';
import { flattened, int, not, onlyWhere } from './flags.ts';
import { flatGroups, type FlatGroup } from './flat-rows.ts';
import { pooled } from './pooling.ts';
import { raterArrays, ratings } from './raters.ts';
import { choiceArrays, chosen } from './selection.ts';

/** Of as many tokens as are dropped, the share that is recycled, and how many of these make a cluster. */
const RECYCLED = 0.3;
const PER_CLUSTER = 10;

interface Shares {
  /** Tokens that stay as they are, best rated. */
  readonly whole: number;
  /** Those rated next, and the clusters they become. */
  readonly tokens: number;
  readonly clusters: number;
}

/** The kept number is the whole ones and the clusters. */
function sharesOf({ length, kept }: FlatGroup): Shares {
  const tokens = Math.floor(RECYCLED * (length - kept));
  const clusters = Math.min(Math.floor(tokens / PER_CLUSTER) + 1, kept - 1, tokens);
  return clusters > 0 ? { whole: kept - clusters, tokens, clusters } : { whole: kept, tokens: 0, clusters: 0 };
}

/**
 * Where the tokens of G groups stand in a flat [G, N] of all tokens by falling rating: `whole` int32 [G, M], `recycled`
 * int32 [G, R]; −1 where a group has no such token.
 */
function rankArrays(shares: readonly Shares[], longest: number): HostArrays {
  const table = (of: (share: Shares) => { first: number; count: number }): HostArrays[string] => {
    const ranges = shares.length > 0 ? shares.map(of) : [{ first: 0, count: 0 }];
    const width = Math.max(1, ...ranges.map(({ count }) => count));
    const data = ranges.flatMap(({ first, count }, g) =>
      Array.from({ length: width }, (_, i) => (i < count ? g * longest + first + i : -1)),
    );
    return { shape: [ranges.length, width], data: Int32Array.from(data) };
  };
  return {
    whole: table(({ whole }) => ({ first: 0, count: whole })),
    recycled: table(({ whole, tokens }) => ({ first: whole, count: tokens })),
  };
}

function plan(planned: PlannedPoint): HostArrays {
  const choice = choiceArrays(planned);
  const shares = flatGroups(planned).map(sharesOf);
  const longest = choice['members']?.shape[1] as number;
  return { ...choice, ...raterArrays(planned), ...rankArrays(shares, longest), ...peakArrays(shares) };
}

const atLeastZero = (x: Tensor): Tensor => maximum(x, tf.zerosLike(x));
/** int32: 1 where x ≥ 0, else 0. */
const isThere = (x: Tensor): Tensor => tf.cast(isAtLeast(x, tf.zerosLike(x)), 'int32');

/** What is recycled, all int32. */
interface Recycled {
  /** [G·R]: flat [G, N] places of the tokens; those of no token are any. */
  readonly tokens: Tensor;
  /** [G·R]: 1, and 0 where there is no token. */
  readonly isToken: Tensor;
  /** [G·R]: which of `tokens` is the centre of each token's cluster. */
  readonly centreOf: Tensor;
  /** [G·C]: flat [G, N] places of the centres, −1 where there is none. */
  readonly centres: Tensor;
}

/** @param order int32 [G·N]: flat [G, N] places by falling rating */
function recycle(states: Tensor, order: Tensor, arrays: DeviceArrays): Recycled {
  const { members, recycled, noCluster } = arrays as Record<'members' | 'recycled' | 'noCluster', Tensor>;
  const [groups, most] = recycled.shape as [number, number];
  const tokens = gather(order, reshape(atLeastZero(recycled), [-1])); // [G·R]
  const rows = gather(reshape(members, [-1]), tokens);
  const { centres, nearest } = densityPeaks(reshape(gather(states, rows), [groups, most, -1]), arrays);
  const clusters = centres.shape[1] as number;
  const flatCentres = reshape(flattened(centres, most), [-1]); // [G·C], among the G·R tokens
  const isCentre = not(tf.cast(reshape(noCluster, [-1]), 'int32'));
  return {
    tokens,
    isToken: reshape(isThere(recycled), [-1]),
    centreOf: gather(flatCentres, reshape(flattened(nearest, clusters), [-1])),
    centres: onlyWhere(gather(tokens, flatCentres), isCentre),
  };
}

/** Flat [G, N] places by falling rating: [G, N] → int32 [G·N]. */
function ranked(scores: Tensor, absence: Tensor): Tensor {
  const longest = scores.shape[1] as number;
  return reshape(flattened(topK(add(scores, absence), longest).indices, longest), [-1]);
}

/** Sends every recycled token to where the centre of its cluster went. */
function withClusters({ assignment }: Compressed, members: Tensor, recycled: Recycled): Tensor {
  const { tokens, isToken, centreOf } = recycled;
  const rows = gather(reshape(members, [-1]), tokens); // [G·R]
  const went = gather(assignment, gather(rows, centreOf));
  const isOther = mul(not(isThere(gather(assignment, rows))), isToken);
  const target = onlyWhere(rows, isToken);
  return add(assignment, segmentSum(mul(add(went, int(1)), isOther), target, assignment.shape[0]));
}

function apply(states: Tensor, arrays: DeviceArrays, context: CompressorContext): Compressed {
  const { members, absence, whole } = arrays as Record<'members' | 'absence' | 'whole', Tensor>;
  const order = ranked(ratings(states, context.attention as Tensor, arrays), absence);
  const kept = onlyWhere(gather(order, reshape(atLeastZero(whole), [-1])), reshape(isThere(whole), [-1]));
  const recycled = recycle(states, order, arrays);
  const stay = concat([kept, recycled.centres], 0);
  const votes = segmentSum(tf.onesLike(tf.cast(stay, 'float32')), stay, order.shape[0]); // 1 for what stays
  const choice = chosen(states, reshape(votes, members.shape), arrays, context);
  const assignment = withClusters(choice, members, recycled);
  return { states: pooled(states, assignment, context).states, positions: choice.positions, assignment };
}

/**
 * SparseVLM (Zhang et al. 2024, arXiv 2410.04417): the words of the question that matter to the image rate its tokens
 * by their attention in the layer before, averaged over heads; of the tokens rated next, clusters by density peaks are
 * recycled as their means. The kept number counts both: of d dropped tokens 0.3·d are recycled, one cluster for ten and
 * one more. A cluster stands at the place and position id of its centre. Relevance is measured between the states that
 * enter the layer, where the authors take the embeddings; the rank of the attention map, by which they choose how many
 * to drop, has no say: the stride does. Gradients flow through states and means, not through ratings and clusters.
 */
export const sparseVlm: Compressor = { name: 'sparse-vlm', attentionOf: 'before', plan, apply };
