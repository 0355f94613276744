import type { HostArrays } from '../backend/host-arrays.ts';
import { batchMatMul, gather, reshape } from '../backend/kernels.ts';
import type { Tensor } from '../backend/tensorflow.ts';
import { askerAt, askingRows, flatQueries, scorePlaces } from './attention-ranking.ts';
import type { Compressor, PlannedPoint } from './compressor.ts';
import { choiceArrays, chosen } from './selection.ts';

/** [B, Q, T]: the mean over all tokens up to each asking one. */
function meanUntil({ before }: PlannedPoint, asking: ReturnType<typeof askingRows>): HostArrays[string] {
  const { count } = asking;
  const { rows, paddedLength } = before;
  const data = new Float32Array(rows.length * count * paddedLength);
  rows.forEach((_, b) => {
    for (let i = 0; i < count; i++) {
      const first = (b * count + i) * paddedLength;
      const tokens = askerAt(asking, b, i) + 1;
      data.fill(1 / tokens, first, first + tokens);
    }
  });
  return { shape: [rows.length, count, paddedLength], data };
}

/**
 * FastV as its paper words it (Chen et al. 2024, Sec. 4.1): the score of a token is the attention it gets "from all other
 * tokens", on average, in the layer before. Those are the tokens up to the last one before the answer.
 */
export const attentionOfAll: Compressor = {
  name: 'attention-all',
  attentionOf: 'before',

  plan(planned) {
    const arrays = choiceArrays(planned);
    const asking = askingRows(planned);
    return {
      ...arrays,
      queries: flatQueries(planned.before, planned.before.paddedLength, (_, i) => i),
      means: meanUntil(planned, asking),
      scores: scorePlaces(planned, asking, arrays['members']?.shape[1] as number),
    };
  },

  apply(states, arrays, context) {
    const received = batchMatMul(arrays['means'] as Tensor, context.attention as Tensor); // [B, Q, T]
    const scores = gather(reshape(received, [-1]), arrays['scores'] as Tensor);
    return chosen(states, scores, arrays, context);
  },
};
