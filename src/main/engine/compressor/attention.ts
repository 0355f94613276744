import { gather, reshape } from '../backend/kernels.ts';
import type { Tensor } from '../backend/tensorflow.ts';
import { askerAt, askingRows, flatQueries, scorePlaces } from './attention-ranking.ts';
import type { Compressor } from './compressor.ts';
import { choiceArrays, chosen } from './selection.ts';

/**
 * FastV (Chen et al. 2024, "An image is worth 1/2 tokens after layer 2"): keeps the tokens that got the most attention in
 * the layer before, from the last token before the answer, averaged over heads; the kept ones keep their position ids.
 * This is what the authors' code does (its paper speaks of all tokens: see `attention-all`), for every row of a batch.
 * In training the code asks with the row's very last token, which has seen the answer; here the one that asks never has.
 */
export const attentionOfLast: Compressor = {
  name: 'attention',
  attentionOf: 'before',

  plan(planned) {
    const arrays = choiceArrays(planned);
    const asking = askingRows(planned);
    return {
      ...arrays,
      queries: flatQueries(planned.before, asking.count, (b, i) => askerAt(asking, b, i)),
      scores: scorePlaces(planned, asking, arrays['members']?.shape[1] as number),
    };
  },

  apply(states, arrays, context) {
    const scores = gather(reshape(context.attention as Tensor, [-1]), arrays['scores'] as Tensor);
    return chosen(states, scores, arrays, context);
  },
};
