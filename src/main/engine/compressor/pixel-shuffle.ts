import { averagePool2d } from './average-pool-2d.ts';
import type { Compressor } from './compressor.ts';
import { convolutionArrays, convolved } from './convolution.ts';
import type { FlatGroup } from './flat-rows.ts';

/** Which token of a group is tap s, in raster order, of its j-th √S × √S square, in raster order of the squares. */
function tokenOfSquare({ length }: FlatGroup, j: number, s: number, stride: number): number {
  const [side, window] = [Math.sqrt(length), Math.sqrt(stride)];
  const across = side / window;
  const y = Math.floor(j / across) * window + Math.floor(s / window);
  return y * side + (j % across) * window + (s % window);
}

/**
 * Pixel shuffle, also called space to depth (InternVL, Chen et al. 2024, arXiv 2404.16821): every √S × √S square of the
 * patch grid becomes one token with the channels of all its patches, S·E, before the projector. There, where others make
 * the projector's first layer wider, a learned map [E, S·E] without a bias leads into the first layer as it is. It starts
 * as 1/S times the identity for every patch, so an untrained one is the mean of the square's features, before the
 * projector. It is trained with the model, and belongs to the point.
 */
export const pixelShuffle: Compressor = {
  name: 'pixel-shuffle',
  hasWeight: true,

  plan: (planned) => ({
    ...averagePool2d.plan(planned),
    ...convolutionArrays(planned, (group, j, s) => tokenOfSquare(group, j, s, planned.point.stride)),
  }),

  apply: convolved,
};
