/**
 * Which outputs of a graph are the same values in another shape. Code that cuts heads and joins them reshapes a lot, each
 * time at the price of an op's scheduling; of a chain of reshapes a graph needs the last one, or none where the first
 * shape comes back.
 */
export class Reshapes {
  private readonly shapes = new Map<string, string>();
  /** Where a reshape's values come from. */
  private readonly origins = new Map<string, string>();

  /** Tells the shape of an output `node:index`. */
  note(output: string, shape: readonly number[]): void {
    this.shapes.set(output, shape.join());
  }

  /** What to reshape instead of `output`: what that was made of, where it is itself a reshape. */
  origin(output: string): string {
    return this.origins.get(output) ?? output;
  }

  /** Tells that `output` has the values of `origin`. */
  noteReshape(output: string, origin: string): void {
    this.origins.set(output, origin);
  }

  isOfShape(output: string, shape: readonly number[]): boolean {
    return this.shapes.get(output) === shape.join();
  }
}
