import type { Tensor } from '../backend/tensorflow.ts';
import type { Compressor } from './compressor.ts';
import { drawnPlaces } from './draw.ts';
import { flatGroups } from './flat-rows.ts';
import { picked, realRows, sourceRows } from './selection.ts';

/**
 * Keeps one token in S of each group, drawn by chance, with its position id: the random baseline of the paper (Tab. 3).
 * The draw follows from the row's id, the group and the point, so an evaluation can be repeated; in training a row
 * meets the same draw in every epoch.
 */
export const random: Compressor = {
  name: 'random',

  plan(planned) {
    const draws = flatGroups(planned).map(({ id, length, kept }) => drawnPlaces(id, planned.point, length, kept));
    const source = sourceRows(planned, ({ start }, g, j) => start + (draws[g]?.[j] as number));
    return { source, isReal: realRows(planned) };
  },

  apply(states, { source, isReal }, context) {
    return picked(states, source as Tensor, isReal as Tensor, context);
  },
};
