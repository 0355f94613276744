import { ATTENTION_CHUNK } from '../../../../shared/attention-chunk.ts';
import { tf, type Tensor } from '../tensorflow.ts';
import {
  add,
  batchMatMul,
  concat,
  div,
  exp,
  gather,
  isAtLeast,
  max,
  mean,
  mul,
  rangeVector,
  reshape,
  scale,
  slice,
  sub,
  sum,
} from '../kernels.ts';
import { splitHeads, type AttentionShape } from './attention.ts';

const HIDDEN = -1e9;

/** Added to scores: 0 where a query sees a key, HIDDEN where the key lies behind it. @returns [B, 1, Q, T] */
function causalMask(places: Tensor, length: number): Tensor {
  const [batch, count] = places.shape as [number, number];
  const keys = reshape(rangeVector(length), [1, 1, 1, length]);
  const isHidden = sub(tf.scalar(1), isAtLeast(reshape(places, [batch, 1, count, 1]), keys));
  return scale(isHidden, HIDDEN);
}

/** Softmax over the last axis, written out as in `attention`: the same bits recorded and op by op, so the same ranking. */
function probabilities(scores: Tensor): Tensor {
  const weights = exp(sub(scores, max(scores, 3, true)));
  return div(weights, sum(weights, 3, true));
}

/** @param queries int32 [B, Q], flat rows @returns [B, Q, T] */
function rowsOfChunk(q: Tensor, keys: Tensor, queries: Tensor, shape: AttentionShape): Tensor {
  const { batch, length, heads, kvHeads, headDim } = shape;
  const count = queries.shape[1] as number;
  const asked = splitHeads(gather(q, reshape(queries, [-1])), batch, count, heads, headDim); // [B·H, Q, d]
  const grouped = reshape(asked, [batch * kvHeads, -1, headDim]);
  const scores = reshape(batchMatMul(grouped, keys, { transposeB: true }), [batch, heads, count, length]);
  if (!shape.causal) return mean(probabilities(scores), 1);
  const firstRows = reshape(mul(rangeVector(batch), tf.scalar(length, 'int32')), [batch, 1]);
  return mean(probabilities(add(scores, causalMask(sub(queries, firstRows), length))), 1);
}

/**
 * Rows of the attention map, averaged over heads: one softmax for each query and head, never the whole map of a
 * head. No gradient. Where attention is causal, padding lies behind every query and gets nothing.
 *
 * @param q [B·T, H·d], rotated where there are positions to turn by, multiplied by 1/√d · @param k [B·T, kv·d], rotated
 * @param queries int32 [B·Q]: the rows of q that ask, Q of each row of the batch
 * @returns [B, Q, T], owned by the caller's tidy
 */
export function attentionRows(q: Tensor, k: Tensor, queries: Tensor, shape: AttentionShape): Tensor {
  const { batch, length, kvHeads, headDim } = shape;
  return tf.tidy(() => {
    const keys = splitHeads(k, batch, length, kvHeads, headDim); // [B·kv, T, d]
    const perRow = reshape(queries, [batch, -1]);
    const count = perRow.shape[1] as number;
    // So that all queries need no more memory than a chunk of attention does.
    const parts: Tensor[] = [];
    for (let from = 0; from < count; from += ATTENTION_CHUNK) {
      const size = Math.min(ATTENTION_CHUNK, count - from);
      const part = size === count ? perRow : slice(perRow, [0, from], [batch, size]);
      parts.push(tf.tidy(() => rowsOfChunk(q, keys, part, shape)));
    }
    return parts.length === 1 ? (parts[0] as Tensor) : concat(parts, 1);
  });
}
