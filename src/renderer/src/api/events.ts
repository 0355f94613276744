/** Live events of the studio: one stream for the whole page, resumed by itself, read by kind. */
import { defineStore } from 'pinia';
import { computed, onScopeDispose, ref } from 'vue';
import {
  studioEventSchema,
  type StudioEvent,
  type StudioEventKind,
  type StudioEventOf,
} from '../../../shared/api/events.ts';
import { EVENT_LIMITS } from '../live/pace-limits.ts';
import { PacedQueue } from '../live/paced-queue.ts';

/** What of an EventSource is used, so that tests can bring their own. */
export interface EventStream {
  onopen: (() => void) | null;
  onmessage: ((message: { readonly data: string; readonly lastEventId: string }) => void) | null;
  onerror: (() => void) | null;
  readonly readyState: number;
  close(): void;
}

type Handler<K extends StudioEventKind> = (event: StudioEventOf<K>) => void;

const CLOSED = 2;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

/** Kinds that come all the time while something is at work. They are told together, as often as the page may be drawn. */
const PROGRESS: ReadonlySet<StudioEventKind> = new Set([
  ...(['metrics', 'micro', 'run', 'job', 'log', 'dataset', 'batch', 'study', 'attention'] as const),
]);

/** Opens a stream that goes on behind the event with that id, or begins with a snapshot. */
export type OpenStream = (lastEventId: string | undefined) => EventStream;

const openInBrowser: OpenStream = (lastEventId) => {
  const query = lastEventId === undefined ? '' : `?lastEventId=${encodeURIComponent(lastEventId)}`;
  return new EventSource(`/api/events${query}`) as unknown as EventStream;
};

/** Whether the studio answers, but does not know this page's session any more: it was started again. */
const isLockedOut = async (): Promise<boolean> => {
  const answer = await fetch('/api/session').catch(() => undefined);
  return answer?.status === 401;
};

function parseEvent(data: string): StudioEvent | undefined {
  try {
    return studioEventSchema.parse(JSON.parse(data));
  } catch (error) {
    // An event that a newer studio sends must not end the stream.
    console.warn('An event of the studio could not be read.', error);
    return undefined;
  }
}

/**
 * Connection state and subscriptions. The browser itself resumes after a short loss, with the id of the last event; where
 * it gives up (the studio refused or is gone) a new stream is opened behind the last event that came.
 */
export const useConnection = defineStore('connection', () => {
  const state = ref<'connecting' | 'open' | 'lost' | 'locked out'>('connecting');
  const handlers = new Map<StudioEventKind, Set<(event: never) => void>>();
  let stream: EventStream | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let retryMs = FIRST_RETRY_MS;
  let lastEventId: string | undefined;

  function deliver(event: StudioEvent): void {
    for (const handler of handlers.get(event.kind) ?? []) (handler as (event: StudioEvent) => void)(event);
  }

  const progress = new PacedQueue(EVENT_LIMITS, deliver);

  function receive(event: StudioEvent): void {
    if (PROGRESS.has(event.kind)) return progress.add(event);
    // Events keep their order.
    progress.flush();
    deliver(event);
  }

  function connect(open: OpenStream = openInBrowser, lockedOut = isLockedOut): void {
    disconnect();
    const current = (stream = open(lastEventId));
    current.onopen = () => {
      state.value = 'open';
      retryMs = FIRST_RETRY_MS;
    };
    current.onmessage = ({ data, lastEventId: id }) => {
      lastEventId = id || lastEventId;
      const event = parseEvent(data);
      if (event) receive(event);
    };
    current.onerror = () => {
      if (state.value !== 'locked out') state.value = 'lost';
      if (current.readyState !== CLOSED) return;
      void lockedOut().then((isSo) => {
        if (stream === current) state.value = isSo ? 'locked out' : 'lost';
      });
      // A session that another tab opens is this page's too.
      retry = setTimeout(() => connect(open, lockedOut), retryMs);
      retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
    };
  }

  function disconnect(): void {
    clearTimeout(retry);
    stream?.close();
    stream = undefined;
  }

  /** Calls `handler` for every event of a kind. @returns ends the subscription */
  function subscribe<K extends StudioEventKind>(kind: K, handler: Handler<K>): () => void {
    const known = handlers.get(kind) ?? new Set();
    handlers.set(kind, known.add(handler));
    return () => void known.delete(handler);
  }

  return { state, isOpen: computed(() => state.value === 'open'), connect, disconnect, subscribe };
});

/** Reads events of a kind as long as the component that calls this lives. */
export function useStudioEvent<K extends StudioEventKind>(kind: K, handler: Handler<K>): void {
  onScopeDispose(useConnection().subscribe(kind, handler));
}
