/** Numbers that grow one by one, without a JavaScript object for each. */
export class NumberColumn<A extends Float64Array | Uint32Array> {
  values: A;
  length = 0;
  private readonly make: (size: number) => A;

  constructor(make: (size: number) => A) {
    this.make = make;
    this.values = make(1024);
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = this.make(this.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }

  at(index: number): number {
    if (!Number.isInteger(index) || index < 0 || index >= this.length)
      throw new RangeError(`no sample ${index} of ${this.length}`);
    return this.values[index] as number;
  }
}
