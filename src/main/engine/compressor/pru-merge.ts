import type { DeviceArrays, HostArrays } from '../backend/host-arrays.ts';
import {
  add,
  argMax,
  gather,
  isAtLeast,
  max,
  mul,
  rangeVector,
  reshape,
  scale,
  segmentSum,
  sub,
  topK,
  transpose,
} from '../backend/kernels.ts';
import { mixRows } from '../backend/ops/mixing.ts';
import { reshapeOp } from '../backend/ops/reshape.ts';
import { concatRows, gatherRows } from '../backend/ops/rows.ts';
import type { Tensor } from '../backend/tensorflow.ts';
import type { Compressor, PlannedPoint, TowerView } from './compressor.ts';
import { flattened, not } from './flags.ts';
import { flatGroups, type FlatGroup } from './flat-rows.ts';
import { chosen } from './selection.ts';
import {
  BEYOND_COSINES,
  keySimilarity,
  towerChoice,
  towerChoiceArrays,
  withOthers,
  type TowerShares,
} from './tower-choice.ts';

/** Tokens that a kept one takes in: the authors' 32 of 576. */
const TAKEN_IN = 32 / 576;
/** Of PruMerge+, the share that stays for its attention: 1 to 3 that are evenly spaced, as the authors' step makes it. */
const BY_ATTENTION = 1 / 4;

const takenIn = ({ length }: FlatGroup): number => Math.min(length - 1, Math.max(1, Math.round(TAKEN_IN * length)));

const onlyTop = ({ kept }: FlatGroup): TowerShares => ({ top: kept, spaced: [] });

function withSpaced({ length, kept }: FlatGroup): TowerShares {
  const top = Math.max(1, Math.round(BY_ATTENTION * kept));
  const others = kept - top;
  return { top, spaced: Array.from({ length: others }, (_, i) => Math.floor((i * (length - top)) / others)) };
}

/** Those of the choice, and `takes` [G, 1, k]: 1, and 0 where a token of the group takes in fewer. */
function plan(planned: PlannedPoint, sharesOf: (group: FlatGroup) => TowerShares): HostArrays {
  const counts = flatGroups(planned).map(takenIn);
  const [groups, most] = [Math.max(1, counts.length), Math.max(1, ...counts)];
  const takes = new Float32Array(groups * most);
  counts.forEach((count, g) => takes.fill(1, g * most, g * most + count));
  return { ...towerChoiceArrays(planned, sharesOf), takes: { shape: [groups, 1, most], data: takes } };
}

/** 1 where token n is kept token m itself: int32 [G, M] → [G, M, N]. */
function isSelf(places: Tensor, longest: number): Tensor {
  const [groups, most] = places.shape as [number, number];
  const [own, all] = [reshape(places, [groups, most, 1]), reshape(rangeVector(longest), [1, 1, longest])];
  return mul(isAtLeast(own, all), isAtLeast(all, own));
}

/** What kept tokens take in. */
interface Merging {
  /** [G, M, N]: 1 where a kept token takes a token in. */
  readonly taken: Tensor;
  /** [G, M, N]: factors of the sum that a kept token becomes. */
  readonly weights: Tensor;
}

/** @param alike [G, M, N] · @param attention [G, N] */
function merging(alike: Tensor, attention: Tensor, places: Tensor, arrays: DeviceArrays): Merging {
  const { absence, takes, isKept } = arrays as Record<'absence' | 'takes' | 'isKept', Tensor>;
  const [groups, most, longest] = alike.shape as [number, number, number];
  const count = takes.shape[2] as number;
  const self = isSelf(places, longest);
  const candidates = add(sub(alike, scale(self, BEYOND_COSINES)), reshape(absence, [groups, 1, longest]));
  const found = topK(reshape(candidates, [-1, longest]), count).indices; // [G·M, k]
  const isTaken = mul(reshape(isKept, [groups, most, 1]), takes); // [G, M, k]
  const at = reshape(flattened(found, longest), [-1]);
  const taken = reshape(segmentSum(reshape(isTaken, [-1]), at, groups * most * longest), alike.shape);
  return { taken, weights: add(mul(taken, reshape(attention, [groups, 1, longest])), self) };
}

const apply: Compressor['apply'] = (states, arrays, context) => {
  const { attention, keys } = context.tower as TowerView;
  const { members, source } = arrays as Record<'members' | 'source', Tensor>;
  const [groups, longest] = members.shape as [number, number];
  const { stays, others, places } = towerChoice(attention, arrays);
  const alike = keySimilarity(reshape(keys, [keys.shape[0], -1]), members, places);
  const { taken, weights } = merging(alike, gather(attention, members), places, arrays);
  const tokens = reshapeOp(gatherRows(states, reshape(members, [-1])), [groups, longest, -1]);
  const merged = reshapeOp(mixRows(weights, tokens), [-1, states.shape[1] as number]); // [G·M, D]
  const nearest = argMax(transpose(sub(alike, scale(not(taken), BEYOND_COSINES)), [0, 2, 1])); // [G, N]
  const { assignment, positions } = chosen(states, stays, arrays, context);
  return {
    states: gatherRows(concatRows(states, merged), source),
    positions,
    assignment: withOthers(assignment, nearest, mul(others, max(taken, 1)), arrays),
  };
};

/**
 * PruMerge (Shang et al. 2024, arXiv 2403.15388), on the tower's features before the projector: keeps the tokens that the
 * class token looks at most. Each becomes itself plus the sum of the tokens it is most alike, by the cosine of their keys
 * over all heads, each times the attention it gets: an unnormalised sum, as in the authors' code, over all others, kept or
 * not, so that one may be taken in by several and another by none. It is 32 of 576 tokens, and of other numbers the same
 * share. The assignment names the most alike of those that take a token in, −1 where none does.
 *
 * How many stay is the stride's to say, since all shapes are known beforehand, where the paper keeps those that lie above
 * Q3 + 1.5 IQR of the attention: here it is the first n/S of the same order (an answer's stats tell how many outliers there
 * were). Attention is that of the layer the features come out of, averaged over heads, as the paper has it; the code asks
 * the layer behind, all heads as one. The code's sum of all dropped tokens as one more token is left out, and raster order
 * stays. The shorter prompt counts its own positions.
 */
export const pruMerge: Compressor = {
  name: 'prumerge',
  tower: 'class-token',
  plan: (planned) => plan(planned, onlyTop),
  apply,
};

/** PruMerge+: a quarter of the tokens stays for its attention, the rest are evenly spaced among all others. */
export const pruMergePlus: Compressor = {
  name: 'prumerge-plus',
  tower: 'class-token',
  plan: (planned) => plan(planned, withSpaced),
  apply,
};
