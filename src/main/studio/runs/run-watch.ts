import type { EventHub } from '../events/event-hub.ts';
import type { RunStore } from './run-store.ts';

const EVERY_MS = 2000;
/** Pause behind a look, in times of what it took: with very many runs it stays at 1 % of a core. */
const REST = 100;

/** Tells of runs that others change: trainings and evaluations of the command line, folders that are copied or deleted. */
export class RunWatch {
  private readonly store: RunStore;
  private readonly events: EventHub;
  private signatures = new Map<string, string>();
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(store: RunStore, events: EventHub) {
    this.store = store;
    this.events = events;
  }

  /** Takes note of how the runs are, and tells of what changes from now on. */
  async open(): Promise<void> {
    this.signatures = await this.look();
    this.again();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  /** Compares with the last look and tells the differences. */
  async check(): Promise<void> {
    const before = this.signatures;
    this.signatures = await this.look();
    for (const [name, signature] of this.signatures) {
      if (before.get(name) === signature) continue;
      const run = await this.store.summary(name);
      if (run) this.events.publish({ kind: 'run', run });
    }
    for (const name of before.keys()) {
      if (!this.signatures.has(name)) this.events.publish({ kind: 'run-removed', name });
    }
  }

  private async look(): Promise<Map<string, string>> {
    const names = await this.store.names();
    return new Map(await Promise.all(names.map(async (name) => [name, await this.store.signature(name)] as const)));
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
