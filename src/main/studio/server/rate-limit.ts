/** How many requests somebody may make: a store that fills by `perSecond` up to `capacity`. */
export interface Rate {
  readonly capacity: number;
  readonly perSecond: number;
}

/** A grid of pictures asks for hundreds at once, so that those with a session may ask for much. */
export const SESSION_RATE: Rate = { capacity: 3000, perSecond: 500 };

/** Without a session nothing is to be had but the way in. */
export const STRANGER_RATE: Rate = { capacity: 60, perSecond: 2 };

const MOST_KEYS = 10_000;

interface Bucket {
  left: number;
  at: number;
}

/** Counts requests by key (an address) and says which are too many. */
export class RateLimiter {
  private readonly rate: Rate;
  private readonly now: () => number;
  private readonly buckets = new Map<string, Bucket>();

  /** @param now milliseconds that never go back */
  constructor(rate: Rate, now: () => number = () => performance.now()) {
    this.rate = rate;
    this.now = now;
  }

  /** Takes note of a request; false where it is one too many. */
  allows(key: string): boolean {
    const { capacity, perSecond } = this.rate;
    const at = this.now();
    const bucket = this.buckets.get(key) ?? { left: capacity, at };
    bucket.left = Math.min(capacity, bucket.left + ((at - bucket.at) / 1000) * perSecond);
    bucket.at = at;
    if (this.buckets.size >= MOST_KEYS) this.buckets.clear();
    this.buckets.set(key, bucket);
    if (bucket.left < 1) return false;
    bucket.left--;
    return true;
  }
}
