import type { Tensor } from '../backend/tensorflow.ts';
import { add, batchMatMul, concat, reshape, slice, softmax, transpose } from '../backend/kernels.ts';
import type { CacheShape, KeysAndValues } from './kv-cache.ts';

/** What the cache of one layer holds. */
export interface LayerCache {
  readonly shape: CacheShape;
  readonly prompt: KeysAndValues;
  readonly own: KeysAndValues;
}

/** Which cached tokens a query may see: scores to add, 0 or −1e9. */
export interface CacheMasks {
  /** [R, 1, T]: hides the padding behind shorter prompts. */
  readonly prompt: Tensor;
  /** [R·kv·c, 1, n·C]: hides later tokens, padding and empty slots, per query. */
  readonly own: Tensor;
}

/**
 * Attention of the n newest tokens of every continuation to all that the cache of their layer holds, themselves
 * included.
 *
 * @param q [R·c·n, H·d], rotated, multiplied by 1/√d
 * @returns [R·c·n, H·d]
 */
export function cachedAttention(q: Tensor, cache: LayerCache, count: number, masks: CacheMasks): Tensor {
  const { prompts: R, continuations: c, heads, kvHeads: kv, headDim: d } = cache.shape;
  const group = heads / kv;
  const { prompt, own } = cache;
  const [promptLength, ownLength] = [prompt.k.shape[1] as number, own.k.shape[1] as number];
  const split = transpose(reshape(q, [R, c, count, kv, group, d]), [0, 3, 1, 4, 2, 5]); // [R, kv, c, g, n, d]
  const rows = R * kv * c; // of queries that share a prompt, a key head and a continuation
  const perRow = group * count;

  const shared = reshape(split, [R * kv, c * perRow, d]);
  const promptScores = reshape(batchMatMul(shared, prompt.k, { transposeB: true }), [R, -1, promptLength]);
  const ownScores = batchMatMul(reshape(split, [rows, perRow, d]), own.k, { transposeB: true });
  const scores = concat(
    [
      reshape(add(promptScores, masks.prompt), [rows, perRow, promptLength]),
      reshape(add(reshape(ownScores, [rows, group, count * ownLength]), masks.own), [rows, perRow, ownLength]),
    ],
    2,
  );
  const p = softmax(scores);
  const toPrompt = reshape(slice(p, [0, 0, 0], [rows, perRow, promptLength]), [R * kv, c * perRow, promptLength]);
  const toOwn = slice(p, [0, 0, promptLength], [rows, perRow, ownLength]);
  const out = add(reshape(batchMatMul(toPrompt, prompt.v), [rows, perRow, d]), batchMatMul(toOwn, own.v));
  const joined = transpose(reshape(out, [R, kv, c, group, count, d]), [0, 2, 4, 1, 3, 5]); // [R, c, n, kv, g, d]
  return reshape(joined, [R * c * count, heads * d]);
}
