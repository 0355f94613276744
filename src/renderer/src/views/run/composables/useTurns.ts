/**
 * Charts draw in turns: with many charts and ten updates a second, drawing all in one frame would hold up the pointer and
 * the keyboard. A few milliseconds a frame are spent, the rest waits for the next one.
 */

const BUDGET_MS = 5;
const waiting = new Map<object, () => void>();
let isScheduled = false;

function work(): void {
  isScheduled = false;
  const begin = performance.now();
  for (const [owner, draw] of waiting) {
    waiting.delete(owner);
    draw();
    if (performance.now() - begin > BUDGET_MS) break;
  }
  if (waiting.size > 0) schedule();
}

function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(work);
}

/** Calls `draw` when its turn comes. A newer call of the same owner replaces one that waits, and keeps its place. */
export function takeTurn(owner: object, draw: () => void): void {
  waiting.set(owner, draw);
  schedule();
}

/** Gives a turn back, of a chart that is gone. */
export function leaveTurn(owner: object): void {
  waiting.delete(owner);
}
