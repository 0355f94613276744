/** Collects items and hands them over together, at most once in `everyMs`. */
export class Batched<T> {
  private items: T[] = [];
  private timer: NodeJS.Timeout | undefined;
  private readonly everyMs: number;
  private readonly deliver: (items: T[]) => void;

  constructor(everyMs: number, deliver: (items: T[]) => void) {
    this.everyMs = everyMs;
    this.deliver = deliver;
  }

  add(item: T): void {
    this.items.push(item);
    this.timer ??= setTimeout(() => this.flush(), this.everyMs);
  }

  /** Hands over what there is now. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { items } = this;
    this.items = [];
    if (items.length > 0) this.deliver(items);
  }
}
