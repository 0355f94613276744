/** Adds up wall-clock time in milliseconds, leaving out the pauses. Starts running. */
export class Stopwatch {
  private total = 0;
  private since = performance.now();

  /** Stops and returns the time so far. */
  pause(): number {
    this.total += performance.now() - this.since;
    return this.total;
  }

  resume(): void {
    this.since = performance.now();
  }
}
