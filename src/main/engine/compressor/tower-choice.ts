/** A choice among the tokens of an image by what the vision tower thinks of them: the best, and some of the rest evenly spaced. */
import type { DeviceArrays, HostArrays } from '../backend/host-arrays.ts';
import {
  add,
  batchMatMul,
  gather,
  isAtLeast,
  maximum,
  minimum,
  mul,
  reshape,
  rsqrt,
  segmentSum,
  square,
  sub,
  sum,
  sumBefore,
  topK,
  negative,
} from '../backend/kernels.ts';
import { withPrecision } from '../backend/precision.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import type { PlannedPoint } from './compressor.ts';
import { flattened, int, not } from './flags.ts';
import { flatGroups, type FlatGroup } from './flat-rows.ts';
import { choiceArrays, highest } from './selection.ts';

/** What stays of a group. */
export interface TowerShares {
  /** Tokens that get the most attention. */
  readonly top: number;
  /** Others: places, from 0, among all that are left then, in raster order. */
  readonly spaced: readonly number[];
}

/**
 * Those of `choiceArrays`, for G groups of at most N tokens, of which at most M stay, and
 *
 * - `top` int32 [G, 1]: tokens that stay for their attention
 * - `spaced` [G·N]: 1 where the i-th of the others stays
 * - `firstAfter` int32 [G, 1]: row of the group's first token after the point
 * - `isKept` [G, M]: 1, and 0 where the group keeps fewer
 */
export function towerChoiceArrays(planned: PlannedPoint, sharesOf: (group: FlatGroup) => TowerShares): HostArrays {
  const groups = flatGroups(planned);
  const arrays = choiceArrays(planned);
  const longest = arrays['members']?.shape[1] as number;
  const most = arrays['beyond']?.shape[1] as number;
  const count = Math.max(groups.length, 1);
  const top = new Int32Array(count);
  const spaced = new Float32Array(count * longest);
  const firstAfter = new Int32Array(count);
  const isKept = new Float32Array(count * most);
  groups.forEach((group, g) => {
    const shares = sharesOf(group);
    top[g] = shares.top;
    for (const place of shares.spaced) spaced[g * longest + place] = 1;
    firstAfter[g] = group.startAfter;
    isKept.fill(1, g * most, g * most + group.kept);
  });
  return {
    ...arrays,
    top: { shape: [count, 1], data: top },
    spaced: { shape: [count * longest], data: spaced },
    firstAfter: { shape: [count, 1], data: firstAfter },
    isKept: { shape: [count, most], data: isKept },
  };
}

/** Squared length of the shortest key: one of zeros is like no other, and no division by zero. */
const SHORTEST = 1e-24;

/** More than any two cosines are apart: taken off one, it leaves it behind all others. */
export const BEYOND_COSINES = 4;

/** What was chosen of G groups; flags are float32, 1 or 0. */
export interface TowerChoice {
  /** [G, N] */
  readonly stays: Tensor;
  /** [G, N]: those that are there and do not stay. */
  readonly others: Tensor;
  /** int32 [G, M]: places of those that stay, ascending; any beyond what a group keeps. */
  readonly places: Tensor;
  /** [G, M]: which of those are there for their place rather than their attention. */
  readonly isSpaced: Tensor;
}

/** @param attention [ΣL] · @param arrays those of `towerChoiceArrays` */
export function towerChoice(attention: Tensor, arrays: DeviceArrays): TowerChoice {
  const { members, absence, top, spaced, isKept } = arrays as Record<string, Tensor> & Record<'members', Tensor>;
  const longest = members.shape[1] as number;
  const isThere = isAtLeast(absence as Tensor, tf.scalar(0));
  const order = topK(add(gather(attention, members), absence as Tensor), longest).indices;
  const rank = topK(negative(order), longest).indices; // the inverse of a permutation
  const isTop = mul(not(isAtLeast(rank, top as Tensor)), isThere);
  const isRest = sub(isThere, isTop);
  const before = tf.cast(sumBefore(isRest, 1), 'int32');
  const isChosen = mul(gather(spaced as Tensor, flattened(before, longest)), isRest);
  const stays = add(isTop, isChosen);
  const places = minimum(highest(stays, arrays), int(longest - 1));
  return {
    stays,
    others: sub(isThere, stays),
    places,
    isSpaced: mul(gather(reshape(isChosen, [-1]), flattened(places, longest)), isKept as Tensor),
  };
}

/**
 * Cosine between keys of the tokens that stay and of all tokens of their group.
 *
 * @param keys [ΣL, d] · @param members int32 [G, N] · @param places int32 [G, M]
 * @returns [G, M, N], in float32 whatever the precision
 */
export function keySimilarity(keys: Tensor, members: Tensor, places: Tensor): Tensor {
  const lengths = maximum(sum(square(keys), 1, true), tf.scalar(SHORTEST));
  const unit = mul(keys, rsqrt(lengths));
  const all = gather(unit, members); // [G, N, d]
  const width = all.shape[1] as number;
  const kept = gather(unit, gather(reshape(members, [-1]), flattened(places, width)));
  return withPrecision('float32', () => batchMatMul(kept, all, { transposeB: true }));
}

/**
 * Where rows go: those that stay by `assignment`, the others where they are sent.
 *
 * @param assignment int32 [B·T], as `chosen` makes it
 * @param went int32 [G, N]: of each token that does not stay, which of the group's tokens after the point it goes to
 * @param isSent [G, N]: 1 where a token goes there
 */
export function withOthers(assignment: Tensor, went: Tensor, isSent: Tensor, arrays: DeviceArrays): Tensor {
  const { members, firstAfter } = arrays as Record<'members' | 'firstAfter', Tensor>;
  const row = add(add(went, firstAfter), int(1));
  const sent = mul(row, tf.cast(isSent, 'int32'));
  return add(assignment, segmentSum(reshape(sent, [-1]), reshape(members, [-1]), assignment.shape[0]));
}
