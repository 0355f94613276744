/** Pending actions outlive a reload of the page: they are kept in the window's session storage. */
import { z } from 'zod';
import { RUN_ACTIONS, studioRunStateSchema } from '../../../../../shared/api/runs.ts';
import { PENDING_TIMEOUT_MS, type PendingAction } from './run-actions.ts';

const pendingSchema = z.object({
  action: z.enum(RUN_ACTIONS),
  askedAt: z.number(),
  before: z.object({ state: studioRunStateSchema, checkpoint: z.string().optional() }),
});

const keyOf = (run: string): string => `llavolta.pending.${run}`;

/** The part of the browser's storage that is needed. */
export type KeyValueStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** Keeps what was asked of a run, or forgets it. */
export function storePending(storage: KeyValueStorage, run: string, pending: PendingAction | undefined): void {
  if (pending) storage.setItem(keyOf(run), JSON.stringify(pending));
  else storage.removeItem(keyOf(run));
}

function parsedJson(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return undefined;
  }
}

/** What was asked of a run before the page was reloaded; undefined where nothing was, or too long ago. */
export function restorePending(storage: KeyValueStorage, run: string, now: number): PendingAction | undefined {
  const parsed = pendingSchema.safeParse(parsedJson(storage.getItem(keyOf(run))));
  return parsed.success && now - parsed.data.askedAt < PENDING_TIMEOUT_MS ? parsed.data : undefined;
}
