/** The part of Electron's `powerSaveBlocker` that is needed. */
export interface Blocker {
  start(type: 'prevent-app-suspension'): number;
  stop(id: number): unknown;
}

const LOOK_EVERY_MS = 5000;

/**
 * Keeps the system from sleeping while a training runs; the screen may go dark.
 *
 * @returns ends it
 */
export function keepAwakeWhile(isTraining: () => boolean, blocker: Blocker): () => void {
  let id: number | undefined;
  const release = (): void => {
    if (id !== undefined) blocker.stop(id);
    id = undefined;
  };
  const timer = setInterval(() => {
    if (!isTraining()) release();
    else id ??= blocker.start('prevent-app-suspension');
  }, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    release();
  };
}
