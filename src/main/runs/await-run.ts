/** Waiting in the studio for what its events tell. */
import type { StudioEvent } from '../../shared/api/events.ts';
import type { RunSummary } from '../../shared/api/runs.ts';
import type { Studio } from '../studio/studio.ts';

/** States in which nothing more happens to a run by itself. */
const AT_REST: readonly RunSummary['state'][] = ['finished', 'failed', 'stopped', 'interrupted'];

/** The studio ended before what was waited for. */
export class StudioEnded extends Error {
  constructor() {
    super('The studio ended');
  }
}

/** What `choose` makes of the first event that it makes something of. @throws StudioEnded */
export function nextEvent<T>(studio: Studio, choose: (event: StudioEvent) => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const unlisten = studio.events.listen(({ event }) => {
      const chosen = choose(event);
      if (chosen === undefined) return;
      unlisten();
      resolve(chosen);
    });
    studio.closing.addEventListener('abort', () => reject(new StudioEnded()));
  });
}

/**
 * Resolves when a run has begun and come to rest, or was taken out of its turn. Ask before it is started, lest its
 * beginning be missed.
 *
 * @param onShare part of its steps that is done, while it runs
 * @returns `cancelled` where its job was cancelled: it was stopped, or does not wait for its turn any more
 * @throws StudioEnded
 */
export function runAtRest(
  studio: Studio,
  name: string,
  onShare: (done: number) => void,
): Promise<RunSummary | 'cancelled'> {
  let hasBegun = studio.desk.hasTurn(name);
  return nextEvent(studio, (event) => {
    if (event.kind === 'job' && event.job.kind === 'train' && event.job.subject === name) {
      return event.job.state === 'cancelled' ? 'cancelled' : undefined;
    }
    if (event.kind !== 'run' || event.run.name !== name) return undefined;
    const { step, totalSteps = 0, state } = event.run;
    if (totalSteps > 0 && state === 'running') onShare(Math.min(1, step / totalSteps));
    if (!AT_REST.includes(state)) hasBegun = true;
    return hasBegun && AT_REST.includes(state) ? event.run : undefined;
  });
}
