import { AnswerEngine } from './answer-engine.ts';

/** Models that are held at once: each takes its memory. */
const MOST = 2;
/** An engine that nobody asks leaves after this long. */
const IDLE_MS = 5 * 60_000;
const LOOK_MS = 30_000;

/** Answering engines by model, kept warm for a while: loading a model takes longer than an answer. */
export class AnswerEngines {
  private readonly engines = new Map<string, AnswerEngine>();
  private readonly entry: string | undefined;
  private readonly timer: NodeJS.Timeout;

  constructor(entry?: string) {
    this.entry = entry;
    this.timer = setInterval(() => this.dropIdle(), LOOK_MS);
    this.timer.unref();
  }

  /** The engine that holds a model. @param model folder */
  of(model: string): AnswerEngine {
    const found = this.engines.get(model);
    if (found?.isAlive) return found;
    this.engines.delete(model);
    this.makeRoom();
    const engine = new AnswerEngine(model, this.entry);
    this.engines.set(model, engine);
    return engine;
  }

  close(): void {
    clearInterval(this.timer);
    for (const engine of this.engines.values()) engine.kill();
    this.engines.clear();
  }

  private makeRoom(): void {
    const free = [...this.engines].filter(([, engine]) => !engine.isBusy).sort(([, a], [, b]) => a.usedAt - b.usedAt);
    for (const [model] of free.slice(0, Math.max(0, this.engines.size - MOST + 1))) this.drop(model);
  }

  private dropIdle(): void {
    const now = performance.now();
    for (const [model, engine] of this.engines) {
      if (!engine.isBusy && now - engine.usedAt > IDLE_MS) this.drop(model);
    }
  }

  private drop(model: string): void {
    this.engines.get(model)?.stop();
    this.engines.delete(model);
  }
}
