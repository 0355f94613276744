/** How smoothly a page draws: the time between animation frames while something is done to it. */
import type { Page } from 'playwright-core';
import { z } from 'zod';

/** Milliseconds between frames, and how long the browser took to answer to input. */
export interface FrameTimes {
  readonly frames: number;
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
  readonly longest: number;
  /** Frames that took longer than 50 ms, which one notices. */
  readonly slow: number;
  /** Longest time from an input to the frame that shows its effect; undefined where none took 16 ms. */
  readonly longestInput?: number;
}

// Text, as it runs in the page, whose names this program does not know.
const BEGIN = `(() => {
  const state = { frames: [], inputs: [], isOn: true, last: performance.now() };
  window.frameTimes = state;
  const tick = (now) => {
    state.frames.push(now - state.last);
    state.last = now;
    if (state.isOn) requestAnimationFrame(tick);
  };
  requestAnimationFrame((now) => { state.last = now; requestAnimationFrame(tick); });
  state.observer = new PerformanceObserver((list) => state.inputs.push(...list.getEntries().map((e) => e.duration)));
  state.observer.observe({ type: 'event', durationThreshold: 16 });
})()`;
const END = `(() => {
  window.frameTimes.isOn = false;
  window.frameTimes.observer.disconnect();
  return { frames: window.frameTimes.frames, inputs: window.frameTimes.inputs };
})()`;

const SLOW_MS = 50;

const measuredSchema = z.object({ frames: z.array(z.number()).min(1), inputs: z.array(z.number()) });

const quantile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;

/** Measures while `act` is under way. */
export async function frameTimes(page: Page, act: () => Promise<void>): Promise<FrameTimes> {
  await page.evaluate(BEGIN);
  await act();
  const { frames, inputs } = measuredSchema.parse(await page.evaluate(END));
  const sorted = frames.toSorted((a, b) => a - b);
  return {
    frames: frames.length,
    ...{ median: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), p99: quantile(sorted, 0.99) },
    longest: sorted.at(-1) ?? NaN,
    slow: frames.filter((ms) => ms > SLOW_MS).length,
    ...(inputs.length > 0 && { longestInput: Math.max(...inputs) }),
  };
}
