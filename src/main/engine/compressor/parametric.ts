import { averagePool } from './average-pool.ts';
import type { Compressor } from './compressor.ts';
import { convolutionArrays, convolved } from './convolution.ts';

/**
 * The parametric compressor of the paper (Tab. 3): a learned convolution in one dimension over the raster order of each
 * group, kernel and stride S, every channel from every channel, without a bias. It starts as the mean, so that an
 * untrained one is average pooling, and it is trained with the model. Position ids are averaged and rounded down; a
 * remainder of the group is dropped. Its weight [D, S·D] has the taps side by side, and belongs to the point.
 */
export const parametric: Compressor = {
  name: 'parametric',
  hasWeight: true,

  plan: (planned) => ({
    ...averagePool.plan(planned),
    ...convolutionArrays(planned, (_, j, s) => j * planned.point.stride + s),
  }),

  apply: convolved,
};
