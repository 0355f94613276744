import { plainFailure } from '../request-error.ts';
import type { EventHub } from './event-hub.ts';

/**
 * Lets work go on that nobody waits for. What goes wrong in it is told as a notice: left alone, it would end the studio.
 *
 * @param what fails, as the notice names it
 * @returns resolves when the work is over, also where it failed
 */
export async function inBackground(work: Promise<unknown>, events: EventHub, what: string): Promise<void> {
  try {
    await work;
  } catch (error) {
    const { cause, whatToDo } = plainFailure(error);
    events.publish({ kind: 'notice', level: 'error', text: `${what}: ${cause}. ${whatToDo}` });
  }
}
