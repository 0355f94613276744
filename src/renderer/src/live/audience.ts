/** Whether somebody acts on the page, merely has it open, or does not see it. */
import type { Audience } from './drawing-pace.ts';

/** For so long after the last movement somebody is taken to be there. */
const ATTENDED_MS = 3000;
const SIGNS = ['pointermove', 'pointerdown', 'wheel', 'keydown', 'focus', 'touchstart', 'scroll'] as const;

let actedAt = -Infinity;
const listeners = new Set<() => void>();

/** Who looks at the page now. */
export function audience(): Audience {
  if (document.hidden) return 'hidden';
  return performance.now() - actedAt < ATTENDED_MS ? 'attended' : 'unattended';
}

/** Calls `listener` when somebody comes to the page who was not there. @returns ends it */
export function onArrival(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function arrive(): void {
  const wasThere = audience() === 'attended';
  actedAt = performance.now();
  if (!wasThere && !document.hidden) for (const listener of listeners) listener();
}

/** Begins to look out for movements. */
export function watchAudience(): void {
  for (const sign of SIGNS) window.addEventListener(sign, arrive, { capture: true, passive: true });
  document.addEventListener('visibilitychange', arrive);
}
