/** How often the page may be drawn, from what a drawing was seen to take. */
export interface PaceLimits {
  /** Part of a processor's time that drawing may take while nobody acts on the page. */
  readonly share: number;
  /** The same while somebody does: what they look at comes first. */
  readonly attendedShare: number;
  /** Shortest and longest pause between the beginnings of two drawings, in milliseconds. */
  readonly shortestMs: number;
  readonly longestMs: number;
  /** Pause while the page is hidden. */
  readonly hiddenMs: number;
}

/** Who looks at the page. */
export type Audience = 'attended' | 'unattended' | 'hidden';

/** Part of an old measurement that is kept at each new one; a drawing that takes longer counts at once. */
const KEPT = 0.7;

/**
 * Says when the next drawing is due, so that all of them together take a given part of a processor's time. A browser may
 * draw on the very processors that train, where each percent of them is a percent of the training's time.
 */
export class DrawingPace {
  private readonly limits: PaceLimits;
  private drawnAt = -Infinity;
  private usualMs = 0;

  constructor(limits: PaceLimits) {
    this.limits = limits;
  }

  /** Takes note that a drawing begins. */
  begin(now: number): void {
    this.drawnAt = now;
  }

  /** Takes note of what a drawing took, in milliseconds of processor time. */
  drew(ms: number): void {
    this.usualMs = ms > this.usualMs ? ms : KEPT * this.usualMs + (1 - KEPT) * ms;
  }

  /** Milliseconds until the next drawing is due; 0 = now. */
  restMs(now: number, audience: Audience): number {
    return Math.max(0, this.drawnAt + this.pauseMs(audience) - now);
  }

  private pauseMs(audience: Audience): number {
    const { share, attendedShare, shortestMs, longestMs, hiddenMs } = this.limits;
    if (audience === 'hidden') return hiddenMs;
    const fair = this.usualMs / (audience === 'attended' ? attendedShare : share);
    return Math.min(longestMs, Math.max(shortestMs, fair));
  }
}
