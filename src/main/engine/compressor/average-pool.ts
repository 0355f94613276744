import type { Tensor } from '../backend/tensorflow.ts';
import type { Compressor } from './compressor.ts';
import { fixedAssignment, pooled } from './pooling.ts';

/**
 * Average pooling in one dimension, the paper's compressor (Sec. 3.2): every `stride` consecutive visual tokens of a
 * group, in raster order, become their mean; a remainder is dropped; each image or frame is pooled alone. Position ids
 * are averaged too and rounded down; text keeps its own. Semantics equal the released code's where that is sound.
 */
export const averagePool: Compressor = {
  name: 'average-pool',

  plan(planned) {
    const { stride } = planned.point;
    const assignment = fixedAssignment(planned, ({ kept }, i) => {
      const place = Math.floor(i / stride);
      return place < kept ? place : -1;
    });
    return { assignment };
  },

  apply(states, { assignment }, context) {
    return pooled(states, assignment as Tensor, context);
  },
};
