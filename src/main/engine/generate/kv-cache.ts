/**
 * Keys and values of everything a decoder layer has seen, in two blocks of fixed (bucketed) shapes:
 *
 *     prompt block   [R·kv, T, d]       R prompts, T as long as the longest at this layer: shorter where it is compressed
 *     own block      [R·kv·c, C, d]     c continuations of every prompt, C slots for the tokens behind the prompt
 *
 * Continuations of one prompt share its keys and values: ten questions about an image pay for the image once. Rows are
 * ordered (prompt, key head, continuation), so that both blocks meet without copying either.
 *
 * Blocks are plain tensors that a step takes and gives back: a step is a pure function and can be recorded. Only the own
 * block is written to, so a token costs a copy of C slots and not of the prompt.
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

/** Where new tokens go in the own block. */
export interface Append {
  /** New tokens n of every continuation. Several at once only as the first ones. */
  readonly count: number;
  /** Slots C of the block. */
  readonly capacity: number;
  /** One-hot [1, C, 1]: where a single token goes. */
  readonly slot: Tensor;
}

const both = ({ k, v }: KeysAndValues, compute: (x: Tensor) => Tensor): KeysAndValues => ({
  k: tf.tidy(() => compute(k)),
  v: tf.tidy(() => compute(v)),
});

/** Keys (rotated) and values of prompts as the projections give them, [R·T, kv·d], as a block. Read only. */
export function promptBlock({ prompts, kvHeads, headDim }: CacheShape, states: KeysAndValues): KeysAndValues {
  return both(states, (x) => {
    const rows = transpose(reshape(x, [prompts, -1, kvHeads, headDim]), [0, 2, 1, 3]);
    return reshape(rows, [prompts * kvHeads, -1, headDim]);
  });
}

/**
 * The own block with n more tokens of every continuation: a new block, the old one stays the caller's.
 *
 * @param before absent where these are the first tokens
 * @param states keys (rotated) and values [R·c·n, kv·d]; read only
 */
export function appended(
  shape: CacheShape,
  before: KeysAndValues | undefined,
  states: KeysAndValues,
  { count, capacity, slot }: Append,
): KeysAndValues {
  return both(states, (x) => {
    const rows = ownRows(shape, x, count);
    if (!before) return padEnd(rows, [0, capacity - count, 0]);
    return add(x === states.k ? before.k : before.v, mul(rows, slot));
  });
}

/** The own block with more slots; a new one. */
export function grown(block: KeysAndValues, capacity: number): KeysAndValues {
  return both(block, (x) => padEnd(x, [0, capacity - (x.shape[1] as number), 0]));
}

/** [R·c·n, kv·d] → [R·kv·c, n, d] */
function ownRows({ prompts, continuations, kvHeads, headDim }: CacheShape, x: Tensor, count: number): Tensor {
  const split = reshape(x, [prompts, continuations, count, kvHeads, headDim]);
  return reshape(transpose(split, [0, 3, 1, 2, 4]), [prompts * kvHeads * continuations, count, headDim]);
}
