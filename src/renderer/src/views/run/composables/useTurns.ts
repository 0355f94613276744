/**
 * Charts draw in turns: with many charts, drawing all in one frame would hold up the pointer and the keyboard. While
 * somebody is there, a few milliseconds a frame are spent and the rest waits; otherwise one frame draws them all, as each
 * frame costs something by itself.
 */
import { nextTick } from 'vue';
import { audience, onArrival } from '../../../live/audience.ts';
import { DrawingPace } from '../../../live/drawing-pace.ts';
import { CHART_LIMITS } from '../../../live/pace-limits.ts';

const BUDGET_MS = 5;
const pace = new DrawingPace(CHART_LIMITS);
const waiting = new Map<object, () => void>();
let frame = 0;
let rest: ReturnType<typeof setTimeout> | undefined;
let isHurried = false;

async function work(): Promise<void> {
  const begin = performance.now();
  pace.begin(begin);
  const mostMs = isHurried || audience() === 'attended' ? BUDGET_MS : Infinity;
  for (const [owner, draw] of [...waiting]) {
    waiting.delete(owner);
    draw();
    // The chart follows its new lines at the end of this tick.
    await nextTick();
    if (performance.now() - begin > mostMs) break;
  }
  frame = 0;
  pace.drew(performance.now() - begin);
  isHurried &&= waiting.size > 0;
  if (waiting.size > 0) schedule();
}

function workNextFrame(): void {
  clearTimeout(rest);
  rest = undefined;
  frame ||= requestAnimationFrame(() => void work());
}

function schedule(): void {
  if (frame !== 0) return;
  if (isHurried) workNextFrame();
  else rest ??= setTimeout(workNextFrame, pace.restMs(performance.now(), audience()));
}

/**
 * Calls `draw` when its turn comes. A newer call of the same owner replaces one that waits, and keeps its place.
 *
 * @param isAwaited somebody did something to see it: no rest before it
 */
export function takeTurn(owner: object, draw: () => void, isAwaited = false): void {
  waiting.set(owner, draw);
  isHurried ||= isAwaited;
  schedule();
}

/** Gives a turn back, of a chart that is gone. */
export function leaveTurn(owner: object): void {
  waiting.delete(owner);
}

onArrival(() => waiting.size > 0 && workNextFrame());
