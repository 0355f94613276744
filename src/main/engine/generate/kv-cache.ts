/**
 * Keys and values of everything a decoder has seen, layer by layer, in tensors of fixed (bucketed) shapes:
 *
 *     prompt block   [R·kv, T, d]       R prompts, T as long as the longest at this layer: shorter where it is compressed
 *     own block      [R·kv·c, C, d]     c continuations of every prompt, C slots for the tokens behind the prompt
 *
 * Continuations of one prompt share its keys and values: ten questions about an image pay for the image once. Rows are
 * ordered (prompt, key head, continuation), so that both blocks meet without copying either.
 */
import { tf, type Tensor } from '../backend/tensorflow.ts';
import { add, mul, padEnd, reshape, transpose } from '../backend/kernels.ts';

/** How many rows a cache has, and how wide they are. */
export interface CacheShape {
  /** Prompts R. */
  readonly prompts: number;
  /** Continuations c of each prompt. */
  readonly continuations: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

export interface KeysAndValues {
  readonly k: Tensor;
  readonly v: Tensor;
}

/** Runs `compute` on keys and on values and keeps what it makes. */
function keepBoth({ k, v }: KeysAndValues, compute: (x: Tensor) => Tensor): KeysAndValues {
  return { k: tf.keep(tf.tidy(() => compute(k))), v: tf.keep(tf.tidy(() => compute(v))) };
}

/** Cache of one decoder layer. Owns its tensors. */
export class LayerCache {
  readonly shape: CacheShape;
  /** [R·kv, T, d] */
  readonly prompt: KeysAndValues;
  /** [R·kv·c, C, d]; absent until the first continuation. */
  private ownBlock: KeysAndValues | undefined;

  /** @param prompt keys (rotated) and values of the prompts, [R·T, kv·d]; read only */
  constructor(shape: CacheShape, prompt: KeysAndValues) {
    const { prompts, kvHeads, headDim } = shape;
    this.shape = shape;
    this.prompt = keepBoth(prompt, (x) => {
      const rows = transpose(reshape(x, [prompts, -1, kvHeads, headDim]), [0, 2, 1, 3]);
      return reshape(rows, [prompts * kvHeads, -1, headDim]);
    });
  }

  get own(): KeysAndValues {
    if (!this.ownBlock) throw new Error('nothing was appended to the cache yet');
    return this.ownBlock;
  }

  /**
   * Adds n tokens of every continuation behind each other. Several at once only as the first ones.
   *
   * @param states keys (rotated) and values [R·c·n, kv·d]; read only
   * @param slot one-hot [1, C, 1]: where a single token goes
   * @param capacity C of the block that is made for the first tokens
   */
  append(states: KeysAndValues, count: number, slot: Tensor, capacity: number): void {
    const before = this.ownBlock;
    this.ownBlock = keepBoth(states, (x) => {
      const rows = this.ownRows(x, count);
      if (!before) return padEnd(rows, [0, capacity - count, 0]);
      return add(x === states.k ? before.k : before.v, mul(rows, slot));
    });
    if (before) tf.dispose([before.k, before.v]);
  }

  /** Makes room: C becomes `capacity`. */
  grow(capacity: number): void {
    const before = this.own;
    this.ownBlock = keepBoth(before, (x) => padEnd(x, [0, capacity - (x.shape[1] as number), 0]));
    tf.dispose([before.k, before.v]);
  }

  dispose(): void {
    tf.dispose([this.prompt.k, this.prompt.v]);
    if (this.ownBlock) tf.dispose([this.ownBlock.k, this.ownBlock.v]);
    this.ownBlock = undefined;
  }

  /** [R·c·n, kv·d] → [R·kv·c, n, d] */
  private ownRows(x: Tensor, count: number): Tensor {
    const { prompts, continuations, kvHeads, headDim } = this.shape;
    const split = reshape(x, [prompts, continuations, count, kvHeads, headDim]);
    return reshape(transpose(split, [0, 3, 1, 2, 4]), [prompts * kvHeads * continuations, count, headDim]);
  }
}
