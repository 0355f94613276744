/** State of a random stream: four unsigned 32-bit words. Plain numbers, so a checkpoint can hold it. */
export type RandomState = readonly [number, number, number, number];

const rotateLeft = (x: number, k: number): number => (x << k) | (x >>> (32 - k));

/** Spreads a seed and stream names over 128 bits (FNV-1a per word, finished with MurmurHash3's mixer). */
function seedState(seed: number, stream: string): RandomState {
  const text = `${seed}/${stream}`;
  const word = (salt: number): number => {
    let hash = 0x811c9dc5 ^ salt;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) >>> 0;
  };
  return [word(0x9e3779b9), word(0x7f4a7c15), word(0xf39cc060), word(0x5ced6d18) | 1];
}

/**
 * A seeded random stream (xoshiro128**, Blackman & Vigna 2018). The same seed and stream name give the same
 * numbers on every machine, and `state` continues a stream exactly where it stood.
 */
export class Random {
  private words: Int32Array;

  private constructor(state: RandomState) {
    this.words = Int32Array.from(state);
  }

  /** A stream of its own for every (seed, name): `Random.from(7, 'shuffle/epoch-2')`. */
  static from(seed: number, stream: string): Random {
    return new Random(seedState(seed, stream));
  }

  static fromState(state: RandomState): Random {
    return new Random(state);
  }

  get state(): RandomState {
    const [a, b, c, d] = this.words as unknown as [number, number, number, number];
    return [a >>> 0, b >>> 0, c >>> 0, d >>> 0];
  }

  /** The next 32 bits, as an unsigned integer. */
  uint32(): number {
    const s = this.words as unknown as [number, number, number, number];
    const result = Math.imul(rotateLeft(Math.imul(s[1], 5), 7), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotateLeft(s[3], 11);
    return result;
  }

  /** Uniform in [0, 1), with 32 random bits. */
  uniform(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** Uniform integer in [0, limit). `limit` is far below 2^32 wherever this is used, so the modulo bias is below 1e-5. */
  integer(limit: number): number {
    return Math.floor(this.uniform() * limit);
  }

  /** One of the items, each equally likely. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('pick needs at least one item');
    return items[this.integer(items.length)] as T;
  }

  /** Standard normal (Box–Muller; the second value of each pair is not kept, so the state stays four words). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Shuffles in place (Fisher–Yates) and returns the same array. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [items[i], items[j]] = [items[j], items[i]];
    }
    return items;
  }
}
