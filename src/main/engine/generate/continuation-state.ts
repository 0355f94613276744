/** The smallest number of slots behind a prompt; larger ones are its doubles, so that there are few. */
const SMALLEST_CAPACITY = 32;
/** Slots that are left free for tokens that follow. */
const SPARE = 8;
/** Added to the score of a key that must not be seen. */
export const HIDDEN = -1e9;

/**
 * Which token of which continuation is in which slot behind the prompt, on the host. Continuations may begin with
 * texts of different lengths: they are padded on the right, and slots of padding are never seen.
 */
export class ContinuationState {
  /** Slots used by the longest. */
  used = 0;
  private readonly lengths: number[];
  /** [rows, slots used]: 1 where a real token is. */
  private readonly real: boolean[][];

  /** @param rows continuations in all */
  constructor(rows: number) {
    this.lengths = Array<number>(rows).fill(0);
    this.real = this.lengths.map(() => []);
  }

  /** Tokens of a continuation, padding left out. */
  length(row: number): number {
    return this.lengths[row] as number;
  }

  /** Slots to make for `count` first tokens and some that follow. */
  static capacityFor(count: number): number {
    let capacity = SMALLEST_CAPACITY;
    while (capacity < count + SPARE) capacity *= 2;
    return capacity;
  }

  /**
   * Position ids of the next `count` tokens of each row: [rows · count]. Padding behind the real ones stays where the
   * last of them is, as some rotary scalings follow the farthest position.
   *
   * @param starts that of each continuation's first token
   * @param lengths real tokens of each row, 1 … count; by default all
   */
  positions(starts: readonly number[], count: number, lengths: readonly number[] = []): Int32Array {
    const positions = new Int32Array(starts.length * count);
    starts.forEach((start, row) => {
      const last = (lengths[row] ?? count) - 1;
      for (let i = 0; i < count; i++) positions[row * count + i] = start + this.length(row) + Math.min(i, last);
    });
    return positions;
  }

  /**
   * Takes `count` slots, of which the first `lengths[row]` hold real tokens.
   *
   * @returns what each of these tokens sees of the slots: [rows, count, capacity], 0 or HIDDEN. A token sees itself and
   *   the real ones before it.
   */
  take(count: number, lengths: readonly number[], capacity: number): Float32Array {
    const mask = new Float32Array(this.lengths.length * count * capacity).fill(HIDDEN);
    this.real.forEach((real, row) => {
      for (let i = 0; i < count; i++) {
        real.push(i < (lengths[row] as number));
        const at = (row * count + i) * capacity;
        real.forEach((isReal, slot) => {
          if (isReal) mask[at + slot] = 0;
        });
        // A token of padding sees itself, so that its softmax has something to sum.
        mask[at + this.used + i] = 0;
      }
      this.lengths[row] = this.length(row) + (lengths[row] as number);
    });
    this.used += count;
    return mask;
  }
}
