import type { HostArrays } from '../backend/host-arrays.ts';
import { add, argMax, mean, reshape, scale, transpose } from '../backend/kernels.ts';
import type { Tensor } from '../backend/tensorflow.ts';
import type { Compressor, PlannedPoint, TowerView } from './compressor.ts';
import { not } from './flags.ts';
import type { FlatGroup } from './flat-rows.ts';
import { pooled } from './pooling.ts';
import { chosen } from './selection.ts';
import {
  BEYOND_COSINES,
  keySimilarity,
  towerChoice,
  towerChoiceArrays,
  withOthers,
  type TowerShares,
} from './tower-choice.ts';

/** Of 64 tokens that are left, those that others are merged into (54 dominant + 10 contextual in the paper). */
const CONTEXTUAL = 10 / 64;

/** Dominant tokens, and contextual ones as the authors space them: every n-th of the others, from the first one on. */
function sharesOf({ length, kept }: FlatGroup): TowerShares {
  const contextual = Math.max(1, Math.round(CONTEXTUAL * kept));
  const top = kept - contextual;
  const step = Math.max(1, Math.floor((length - top) / contextual));
  return { top, spaced: Array.from({ length: contextual }, (_, i) => i * step) };
}

const plan = (planned: PlannedPoint): HostArrays => towerChoiceArrays(planned, sharesOf);

/**
 * VisionZip (Yang et al. 2024, arXiv 2412.04467), on the tower's features before the projector: the dominant tokens, those
 * that get the most attention from the class token, stay as they are; every other token is merged into the contextual one
 * it is most alike, by the cosine of keys averaged over heads, as a plain mean. Contextual tokens are evenly spaced among
 * the others (the authors' code is known to add the mean of the merged ones to the target, which doubles its length; here it
 * is one of those averaged). Of 64 tokens 10 are contextual and 54 dominant, of other numbers the same share, and one at least. Where a
 * tower has no class token, the attention that a token gets from all tokens counts. The authors keep the class token
 * itself as one of the dominant, and write contextual tokens behind these; here the class token is kept only where the
 * model's features have one and it is looked at, and raster order stays. The shorter prompt counts its own positions.
 */
export const visionZip: Compressor = {
  name: 'visionzip',
  tower: 'any',
  plan,

  apply(states, arrays, context) {
    const { attention, keys } = context.tower as TowerView;
    const members = arrays['members'] as Tensor;
    const { stays, others, places, isSpaced } = towerChoice(attention, arrays);
    const alike = keySimilarity(mean(keys, 1), members, places); // [G, M, N]
    const [groups, most] = isSpaced.shape as [number, number];
    const noTarget = scale(not(isSpaced), -BEYOND_COSINES);
    const nearest = argMax(transpose(add(alike, reshape(noTarget, [groups, most, 1])), [0, 2, 1])); // [G, N]
    const { assignment } = chosen(states, stays, arrays, context);
    return pooled(states, withOthers(assignment, nearest, others, arrays), context);
  },
};
