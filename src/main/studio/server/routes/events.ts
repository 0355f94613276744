import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { NumberedEvent } from '../../events/event-hub.ts';
import type { Studio } from '../../studio.ts';

/** A line that keeps the connection, for proxies that end silent ones. */
const HEARTBEAT_MS = 15_000;
/** A client this far behind is let go: it comes back and gets a snapshot. */
const MOST_WAITING = 5000;

function lastEventId(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

/** What a client is told first: what it missed, or how everything stands. */
async function beginning(studio: Studio, lastId: number | undefined): Promise<readonly NumberedEvent[]> {
  const missed = lastId === undefined ? undefined : studio.events.since(lastId);
  // Those that missed something find the notices among it.
  const unheard = studio.events.takeUnheard();
  if (missed) return missed;
  // Events that come while the snapshot is made are numbered behind it: they are told once more, which does no harm.
  const id = studio.events.lastId;
  const events = [await studio.snapshot(), ...unheard];
  return events.map((event) => ({ id, event }));
}

/** `GET /events`: everything that happens, as server-sent events. */
export function eventRoutes(studio: Studio) {
  return new Hono().get('/', (context) => {
    const lastId = lastEventId(context.req.header('Last-Event-ID') ?? context.req.query('lastEventId'));
    context.header('X-Accel-Buffering', 'no');
    return streamSSE(context, async (stream) => {
      const waiting: NumberedEvent[] = [];
      const state: { wake?: () => void; isOver: boolean } = { isOver: false };
      const end = (): void => {
        state.isOver = true;
        state.wake?.();
      };
      const unlisten = studio.events.listen((event) => {
        if (waiting.push(event) > MOST_WAITING) end();
        state.wake?.();
      });
      studio.closing.addEventListener('abort', end);
      stream.onAbort(end);
      try {
        let told = 0;
        for (const { id, event } of await beginning(studio, lastId)) {
          told = id;
          await stream.writeSSE({ id: String(id), data: JSON.stringify(event) });
        }
        while (!state.isOver && !studio.closing.aborted) {
          const next = waiting.shift();
          if (next && next.id > told) await stream.writeSSE({ id: String(next.id), data: JSON.stringify(next.event) });
          if (next) continue;
          const isSilent = await sleep(HEARTBEAT_MS, state);
          if (isSilent && !state.isOver) await stream.write(': \n\n');
        }
      } finally {
        unlisten();
        studio.closing.removeEventListener('abort', end);
      }
    });
  });
}

/** Waits until something wakes it; true where nothing did in time. */
async function sleep(ms: number, state: { wake?: () => void }): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const isSilent = await new Promise<boolean>((resolve) => {
    state.wake = () => resolve(false);
    timer = setTimeout(() => resolve(true), ms);
  });
  clearTimeout(timer);
  delete state.wake;
  return isSilent;
}
