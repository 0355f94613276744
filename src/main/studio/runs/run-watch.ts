import type { EventHub } from '../events/event-hub.ts';
import type { RunStore } from './run-store.ts';

const EVERY_MS = 2000;
/** Pause behind a look, in times of what it took: with very many runs it stays at 1 % of a core. */
const REST = 100;
/** Every so many looks a run is looked at closely that seems to be at rest. */
const CLOSELY_EVERY = 15;

/** What a look saw of a run. */
interface Sight {
  readonly folder: string;
  readonly signature: string;
  /** A process holds it, or it changed at the last look: there may be new rows at any moment. */
  readonly isActive: boolean;
}

/**
 * Tells of runs that others change: trainings and evaluations of the command line, folders that are copied or deleted.
 * Runs at rest are looked at by their folders alone, most of the time.
 */
export class RunWatch {
  private readonly store: RunStore;
  private readonly events: EventHub;
  private readonly isOwn: (name: string) => boolean;
  private sights = new Map<string, Sight>();
  private looks = 0;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  /** @param isOwn whether this studio trains a run, and tells of it by itself */
  constructor(store: RunStore, events: EventHub, isOwn: (name: string) => boolean) {
    this.store = store;
    this.events = events;
    this.isOwn = isOwn;
  }

  /** Takes note of how the runs are, and tells of what changes from now on. */
  async open(): Promise<void> {
    this.sights = await this.look();
    this.again();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  /** Compares with the last look and tells the differences. */
  async check(): Promise<void> {
    const before = this.sights;
    this.sights = await this.look();
    for (const [name, { signature }] of this.sights) {
      if (before.get(name)?.signature === signature) continue;
      const run = this.isOwn(name) ? undefined : await this.store.summary(name);
      if (run) this.events.publish({ kind: 'run', run });
    }
    for (const name of before.keys()) {
      if (!this.sights.has(name)) this.events.publish({ kind: 'run-removed', name });
    }
  }

  private async look(): Promise<Map<string, Sight>> {
    const turn = this.looks++;
    const names = await this.store.names();
    const seen = names.map(async (name, index) => {
      const isClose = (turn + index) % CLOSELY_EVERY === 0;
      return [name, await this.sightOf(name, isClose)] as const;
    });
    return new Map(await Promise.all(seen));
  }

  private async sightOf(name: string, isClose: boolean): Promise<Sight> {
    const known = this.sights.get(name);
    const folder = this.store.folderSignature(name);
    if (known && !known.isActive && !isClose && known.folder === folder) return known;
    const signature = await this.store.signature(name);
    const isActive = signature !== known?.signature || (await this.store.isHeld(name));
    return { folder, signature, isActive };
  }

  private again(restMs = 0): void {
    if (this.isClosed) return;
    this.timer = setTimeout(
      () => {
        const started = performance.now();
        void this.check()
          .catch(() => undefined)
          .finally(() => this.again(REST * (performance.now() - started)));
      },
      Math.max(EVERY_MS, restMs),
    );
    this.timer.unref();
  }
}
