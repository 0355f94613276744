import type { StudioEvent } from '../../../shared/api/events.ts';

/** An event with its number. */
export interface NumberedEvent {
  readonly id: number;
  readonly event: StudioEvent;
}

/** Takes events as they come; must not throw. */
export type EventListener = (event: NumberedEvent) => void;

/** How many past events a client that comes back can be told. */
const KEPT_EVENTS = 2000;

/** Numbers of a hub are above those of any that was there before it, so that a client of those gets a snapshot. */
const firstId = (): number => Date.now() * 1000;

/** Everything that happens in the studio, in order, for any number of listeners; the last events are kept. */
export class EventHub {
  private readonly kept: NumberedEvent[] = [];
  private readonly unheard: StudioEvent[] = [];
  private readonly listeners = new Set<EventListener>();
  private readonly capacity: number;
  private last: number;

  constructor(capacity = KEPT_EVENTS, start = firstId()) {
    this.capacity = capacity;
    this.last = start;
  }

  /** Number of the newest event. */
  get lastId(): number {
    return this.last;
  }

  /** Notices that came while nobody listened, such as those of the studio's start; they are given out once. */
  takeUnheard(): readonly StudioEvent[] {
    return this.unheard.splice(0);
  }

  publish(event: StudioEvent): void {
    if (event.kind === 'notice' && this.listeners.size === 0) this.unheard.push(event);
    const numbered = { id: ++this.last, event };
    this.kept.push(numbered);
    if (this.kept.length > this.capacity) this.kept.splice(0, this.kept.length - this.capacity);
    for (const listener of this.listeners) listener(numbered);
  }

  /** What was published behind event `id`; undefined where some of it is no longer known. */
  since(id: number): readonly NumberedEvent[] | undefined {
    const [first] = this.kept;
    const oldest = first ? first.id - 1 : this.last;
    if (id < oldest || id > this.last) return undefined;
    return this.kept.filter((event) => event.id > id);
  }

  /** @returns ends it */
  listen(listener: EventListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}
