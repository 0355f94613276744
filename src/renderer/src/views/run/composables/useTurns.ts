/**
 * Charts draw in turns: with many charts and ten updates a second, drawing all in one frame would hold up the pointer and
 * the keyboard. A few milliseconds a frame are spent, the rest waits for the next one.
 */

const BUDGET_MS = 5;
/** Pause behind a frame's drawing, in times of what it took: new values must not take the training's own processor. */
const REST = 10;
const waiting = new Map<object, () => void>();
let frame = 0;
let rest: ReturnType<typeof setTimeout> | undefined;
let restUntil = 0;
let isHurried = false;

function work(): void {
  frame = 0;
  const begin = performance.now();
  for (const [owner, draw] of waiting) {
    waiting.delete(owner);
    draw();
    if (performance.now() - begin > BUDGET_MS) break;
  }
  const end = performance.now();
  restUntil = end + REST * (end - begin);
  isHurried &&= waiting.size > 0;
  if (isHurried) workNextFrame();
  else if (waiting.size > 0) schedule();
}

function workNextFrame(): void {
  clearTimeout(rest);
  rest = undefined;
  frame ||= requestAnimationFrame(work);
}

function schedule(): void {
  if (frame !== 0) return;
  rest ??= setTimeout(workNextFrame, Math.max(0, restUntil - performance.now()));
}

/**
 * Calls `draw` when its turn comes. A newer call of the same owner replaces one that waits, and keeps its place.
 *
 * @param isAwaited somebody did something to see it: no rest before it
 */
export function takeTurn(owner: object, draw: () => void, isAwaited = false): void {
  waiting.set(owner, draw);
  isHurried ||= isAwaited;
  if (isHurried) workNextFrame();
  else schedule();
}

/** Gives a turn back, of a chart that is gone. */
export function leaveTurn(owner: object): void {
  waiting.delete(owner);
}
