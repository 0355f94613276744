/** Values spread over a sequence whose length is not known beforehand: whenever there are too many, every second one goes. */
export class Spread<T> {
  private kept: T[] = [];
  private stride = 1;
  private seen = 0;
  private readonly enough: number;

  /** @param enough this many are kept, or up to twice as many; all of a shorter sequence */
  constructor(enough: number) {
    this.enough = enough;
  }

  get values(): readonly T[] {
    return this.kept;
  }

  /** How many were added. */
  get count(): number {
    return this.seen;
  }

  add(value: T): void {
    if (this.seen++ % this.stride !== 0) return;
    this.kept.push(value);
    if (this.kept.length < 2 * this.enough) return;
    this.kept = this.kept.filter((_, i) => i % 2 === 0);
    this.stride *= 2;
  }
}
