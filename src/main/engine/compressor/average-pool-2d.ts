import type { Tensor } from '../backend/tensorflow.ts';
import type { Compressor } from './compressor.ts';
import { fixedAssignment, pooled } from './pooling.ts';

/**
 * Average pooling over squares of the patch grid, as in Matryoshka multimodal models (Cai et al. 2024, M3): windows of
 * √S × √S tokens with the same stride, in raster order of the windows. S is a square and its root divides the grid's
 * side (checked by `pooledLengths`). Position ids are averaged and rounded down, as in one dimension.
 */
export const averagePool2d: Compressor = {
  name: 'average-pool-2d',

  plan(planned) {
    const window = Math.sqrt(planned.point.stride);
    const assignment = fixedAssignment(planned, ({ length }, i) => {
      const side = Math.sqrt(length);
      const windows = side / window;
      const [y, x] = [Math.floor(i / side), i % side];
      return Math.floor(y / window) * windows + Math.floor(x / window);
    });
    return { assignment };
  },

  apply(states, { assignment }, context) {
    return pooled(states, assignment as Tensor, context);
  },
};
