import { ATTENTION_CHUNK } from '../../../../shared/attention-chunk.ts';
import { tf, type Tensor } from '../tensorflow.ts';
import { constant } from '../constants.ts';
import { differentiable } from '../autograd.ts';
import {
  add,
  addN,
  batchMatMul,
  concat,
  div,
  exp,
  log,
  max,
  mul,
  padEnd,
  reshape,
  scale,
  slice,
  sub,
  sum,
  transpose,
} from '../kernels.ts';

/** How rows [B·T, …] are cut into sequences and heads. */
export interface AttentionShape {
  readonly batch: number;
  readonly length: number;
  readonly heads: number;
  /** Key and value heads; each serves heads / kvHeads query heads (grouped-query attention, Ainslie et al. 2023). */
  readonly kvHeads: number;
  readonly headDim: number;
  /** A token sees itself and what lies before it. Padding lies to the right, so this also hides it. */
  readonly causal: boolean;
}

/** Added to the score of a key that must not be seen; exp of it is 0 in float32. */
const HIDDEN = -1e9;

interface Chunk {
  readonly from: number;
  readonly size: number;
  /** Number of keys this chunk sees. */
  readonly keys: number;
}

function chunksOf({ length, causal }: AttentionShape): Chunk[] {
  if (!causal) return [{ from: 0, size: length, keys: length }];
  const count = Math.ceil(length / ATTENTION_CHUNK);
  const step = Math.ceil(length / count);
  return Array.from({ length: count }, (_, i) => {
    const from = i * step;
    const size = Math.min(step, length - from);
    return { from, size, keys: from + size };
  });
}

/** Scores to add to one chunk, flat [1, g·size·keys]: 0 where query i sees key j ≤ from + i, else HIDDEN; repeated for g heads. */
function causalMask({ from, size, keys }: Chunk, groups: number): Tensor {
  return constant(`causal mask ${from} ${size} ${groups}`, () => {
    const values = new Float32Array(groups * size * keys);
    for (let row = 0; row < groups * size; row++) {
      const query = from + (row % size);
      values.fill(HIDDEN, row * keys + query + 1, (row + 1) * keys);
    }
    return tf.tensor2d(values, [1, values.length]);
  });
}

/** [B·T, h·d] → [B·h, T, d] */
export function splitHeads(x: Tensor, batch: number, length: number, heads: number, headDim: number): Tensor {
  const split = transpose(reshape(x, [batch, length, heads, headDim]), [0, 2, 1, 3]);
  return reshape(split, [batch * heads, length, headDim]);
}

/** [B·h, T, d] → [B·T, h·d] */
export function mergeHeads(x: Tensor, batch: number, length: number, heads: number, headDim: number): Tensor {
  const merged = transpose(reshape(x, [batch, heads, length, headDim]), [0, 2, 1, 3]);
  return reshape(merged, [batch * length, heads * headDim]);
}

/** What backward needs of a forward pass: queries, keys, values and output [B·h, T, d], and `logSum` [B·H, T, 1]. */
interface Attended {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly out: Tensor;
  readonly logSum: Tensor;
}

/** Works on [B·h, T, d] tensors; queries carry the 1/√d already. */
class ChunkedAttention {
  private readonly shape: AttentionShape;
  private readonly groups: number;
  readonly chunks: Chunk[];

  constructor(shape: AttentionShape) {
    this.shape = shape;
    this.groups = shape.heads / shape.kvHeads;
    this.chunks = chunksOf(shape);
  }

  /** Query rows of one chunk, the heads of a group stacked: [B·H, T, n] → [B·kv, g·size, n] */
  queries(q: Tensor, { from, size }: Chunk): Tensor {
    const { batch, heads, kvHeads, length } = this.shape;
    const part = size === length ? q : slice(q, [0, from, 0], [batch * heads, size, q.shape[2] as number]);
    return reshape(part, [batch * kvHeads, this.groups * size, -1]);
  }

  /** The keys or values one chunk sees: [B·kv, T, d] → [B·kv, keys, d] */
  seen(x: Tensor, { keys }: Chunk): Tensor {
    const { batch, kvHeads, headDim, length } = this.shape;
    return keys === length ? x : slice(x, [0, 0, 0], [batch * kvHeads, keys, headDim]);
  }

  /** q·kᵀ + mask: [B·kv, g·size, keys] */
  scores(q: Tensor, k: Tensor, chunk: Chunk): Tensor {
    const scores = batchMatMul(q, k, { transposeB: true });
    if (!this.shape.causal) return scores;
    const flat = reshape(scores, [q.shape[0], -1]);
    return reshape(add(flat, causalMask(chunk, this.groups)), scores.shape);
  }

  /** Puts chunks back in their places: list of [B·kv, g·size, n] → [B·H, T, n] */
  join(parts: Tensor[]): Tensor {
    const { batch, heads } = this.shape;
    const ungrouped = parts.map((part, i) => reshape(part, [batch * heads, (this.chunks[i] as Chunk).size, -1]));
    return ungrouped.length === 1 ? (ungrouped[0] as Tensor) : concat(ungrouped, 1);
  }

  /**
   * The output [B·H, T, d], and the logarithm of the sum of each query's exponentials [B·H, T, 1], from which backward has
   * the probabilities at the price of one exp. Written out, for TensorFlow's softmax takes longer, and its oneDNN one,
   * which only functions get, differs from it in the last bits.
   */
  forward(q: Tensor, k: Tensor, v: Tensor): { out: Tensor; logSum: Tensor } {
    const parts = this.chunks.map((chunk) =>
      tf.tidy(() => {
        const scores = this.scores(this.queries(q, chunk), this.seen(k, chunk), chunk);
        const largest = max(scores, 2, true); // [B·kv, g·size, 1]
        const weights = exp(sub(scores, largest));
        const total = sum(weights, 2, true);
        return [div(batchMatMul(weights, this.seen(v, chunk)), total), add(largest, log(total))] as const;
      }),
    );
    return { out: this.join(parts.map(([out]) => out)), logSum: this.join(parts.map(([, logSum]) => logSum)) };
  }

  /** Gradients of q, k, v. The probabilities are computed again: keeping them would cost O(T²) memory a layer. */
  backward(states: Attended, dOut: Tensor): [Tensor, Tensor, Tensor] {
    const delta = sum(mul(states.out, dOut), 2, true); // [B·H, T, 1], equals Σ_j P·dP
    const parts = this.chunks.map((chunk) => tf.tidy(() => this.backwardChunk(states, delta, dOut, chunk)));
    const total = (index: 1 | 2): Tensor =>
      addN(parts.map((part, i) => this.padKeys(part[index], this.chunks[i] as Chunk)));
    return [this.join(parts.map((part) => part[0])), total(1), total(2)];
  }

  private backwardChunk(
    { q, k, v, logSum }: Attended,
    delta: Tensor,
    dOut: Tensor,
    chunk: Chunk,
  ): [Tensor, Tensor, Tensor] {
    const [qc, dy] = [this.queries(q, chunk), this.queries(dOut, chunk)];
    const [kc, vc] = [this.seen(k, chunk), this.seen(v, chunk)];
    const p = exp(sub(this.scores(qc, kc, chunk), this.queries(logSum, chunk)));
    const dV = batchMatMul(p, dy, { transposeA: true });
    const dP = batchMatMul(dy, vc, { transposeB: true });
    const dScores = mul(p, sub(dP, this.queries(delta, chunk)));
    return [batchMatMul(dScores, kc), batchMatMul(dScores, qc, { transposeA: true }), dV];
  }

  private padKeys(x: Tensor, { keys }: Chunk): Tensor {
    return keys === this.shape.length ? x : padEnd(x, [0, this.shape.length - keys, 0]);
  }
}

/**
 * Scaled dot-product attention of whole sequences.
 *
 * @param q [B·T, H·d], already multiplied by 1/√d (see `ropeTable`, `scaleQueries`) · @param k [B·T, kv·d] · @param v [B·T, kv·d]
 * @returns [B·T, H·d]
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, shape: AttentionShape): Tensor {
  const { batch, length, heads, kvHeads, headDim } = shape;
  const core = new ChunkedAttention(shape);
  const split = (x: Tensor, count: number): Tensor => splitHeads(x, batch, length, count, headDim);
  const merge = (x: Tensor, count: number): Tensor => mergeHeads(x, batch, length, count, headDim);
  return differentiable(
    [q, k, v],
    () => {
      const heads3 = [split(q, heads), split(k, kvHeads), split(v, kvHeads)] as const;
      const { out, logSum } = core.forward(...heads3);
      return [merge(out, heads), ...heads3, out, logSum];
    },
    (dy, saved) => {
      const [qs, ks, vs, out, logSum] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor];
      const [dq, dk, dv] = core.backward({ q: qs, k: ks, v: vs, out, logSum }, split(dy, heads));
      return [merge(dq, heads), merge(dk, kvHeads), merge(dv, kvHeads)];
    },
  );
}

/** x · factor: the 1/√d of attention where there is no rotary table to carry it. */
export function scaleQueries(x: Tensor, factor: number): Tensor {
  return differentiable(
    [x],
    () => [scale(x, factor)],
    (dy) => [scale(dy, factor)],
  );
}
