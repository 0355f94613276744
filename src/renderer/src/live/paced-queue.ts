/** Items that wait until the page may be drawn again, and are then handed over together: one frame shows them all. */
import { audience, onArrival } from './audience.ts';
import { DrawingPace, type PaceLimits } from './drawing-pace.ts';
import { frameCost } from './frame-cost.ts';

export class PacedQueue<T> {
  private readonly pace: DrawingPace;
  private readonly deliver: (item: T) => void;
  private waiting: T[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** @param deliver takes an item; what it changes is drawn in the next frame */
  constructor(limits: PaceLimits, deliver: (item: T) => void) {
    this.pace = new DrawingPace(limits);
    this.deliver = deliver;
    // Whoever comes to the page sees it as it is now.
    onArrival(() => this.waiting.length > 0 && this.flush());
  }

  /** Hands an item over when a drawing is due. */
  add(item: T): void {
    this.waiting.push(item);
    const restMs = this.pace.restMs(performance.now(), audience());
    if (restMs === 0) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), restMs);
  }

  /** Hands over what waits, now. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.waiting.length === 0) return;
    const begin = performance.now();
    this.pace.begin(begin);
    const { waiting } = this;
    this.waiting = [];
    for (const item of waiting) this.handOver(item);
    // What Vue does about it follows at the end of this task.
    void Promise.resolve()
      .then(() => performance.now() - begin)
      .then(async (ms) => this.pace.drew(ms + (await frameCost())));
  }

  /** A fault with one item is told as any other and holds up no other item. */
  private handOver(item: T): void {
    try {
      this.deliver(item);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
