import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { askSchema, type askRequestSchema, type Ask, type PaneAnswer } from '../../../shared/api/compare.ts';
import type { AnswerEvent } from '../../../shared/answer.ts';
import { parseCompression } from '../../../shared/compression.ts';
import type { EventHub } from '../events/event-hub.ts';
import { inBackground } from '../events/in-background.ts';
import { readJsonFile, writeJsonFile } from '../json-file.ts';
import type { MediaStore } from '../media/media-store.ts';
import type { ModelLibrary } from '../models/model-library.ts';
import { notFound, plainFailure } from '../request-error.ts';
import type { Workspace } from '../workspace.ts';
import { AnswerEngines } from './answer-engines.ts';

/** Questions that the history keeps. */
const KEPT = 200;

export interface AnswerDeskOptions {
  readonly workspace: Workspace;
  readonly events: EventHub;
  readonly media: MediaStore;
  readonly models: ModelLibrary;
  /** The engine's program; its own unless a test says otherwise. */
  readonly entry?: string;
}

type Request = z.output<typeof askRequestSchema>;

/** What a question needs to be answered. */
interface Prepared {
  readonly ask: Ask;
  /** Paths of its pictures. */
  readonly images: readonly string[];
  /** Model folder of each pane. */
  readonly folders: readonly string[];
}

const historySchema = z.strictObject({ asks: z.array(askSchema) });

/** Takes questions, has each pane answered in turn, and keeps what was said. */
export class AnswerDesk {
  private readonly options: AnswerDeskOptions;
  private readonly engines: AnswerEngines;
  private readonly asks = new Map<string, Ask>();
  private readonly stops = new Map<string, AbortController>();
  /** Questions are answered one after the other, so that none slows another down. */
  private last: Promise<void> = Promise.resolve();
  private saving: Promise<void> = Promise.resolve();

  constructor(options: AnswerDeskOptions) {
    this.options = options;
    this.engines = new AnswerEngines(options.entry);
  }

  /** Loads the history. What was being answered when a studio ended was stopped by it. */
  async open(): Promise<void> {
    const history = await readJsonFile(this.file, historySchema);
    for (const ask of history?.asks ?? []) {
      this.asks.set(ask.id, ask.state === 'running' ? { ...ask, state: 'stopped' } : ask);
    }
  }

  /** Newest first. */
  history(): Ask[] {
    return [...this.asks.values()].reverse();
  }

  running(): Ask[] {
    return this.history().filter(({ state }) => state === 'running');
  }

  /** @throws RequestError where there is none of that id */
  get(id: string): Ask {
    const ask = this.asks.get(id);
    if (!ask) throw notFound('such question');
    return ask;
  }

  /** Takes a question; its answers come as events. @throws RequestError or InputError where something of it is wrong */
  async add(request: Request): Promise<{ id: string }> {
    const { media, models } = this.options;
    for (const { compression } of request.panes) parseCompression(compression);
    const folders = request.panes.map(({ model }) => models.folderOf(model));
    const ids = await media.idsOf(request.images);
    const images = await Promise.all(ids.map((id) => media.path(id)));
    const answers = request.panes.map((pane): PaneAnswer => ({ ...pane, text: '' }));
    const id = randomUUID();
    const ask: Ask = { id, askedAt: new Date().toISOString(), state: 'running', request, media: ids, answers };
    const stop = new AbortController();
    this.asks.set(id, ask);
    this.stops.set(id, stop);
    const answered = this.last.then(() => this.answerAll({ ask, images, folders }, stop.signal));
    // The next question is answered also where this one cannot be kept.
    this.last = inBackground(answered, this.options.events, 'History of questions');
    return { id };
  }

  /** Ends the answer at hand and leaves out the others. */
  stop(id: string): void {
    this.get(id);
    this.stops.get(id)?.abort();
  }

  /** Takes a question out of the history; one that is being answered ends. */
  async remove(id: string): Promise<void> {
    this.stop(id);
    this.asks.delete(id);
    await this.save();
  }

  /** Ends all answering engines. */
  close(): void {
    for (const stop of this.stops.values()) stop.abort();
    this.engines.close();
  }

  private get file(): string {
    return join(this.options.workspace.studio, 'answers.json');
  }

  private async answerAll({ ask, images, folders }: Prepared, signal: AbortSignal): Promise<void> {
    let state: Ask['state'] = 'done';
    for (const [pane, folder] of folders.entries()) {
      if (signal.aborted) break;
      if (!(await this.answerPane(ask, pane, { folder, images }, signal))) state = 'failed';
    }
    const now = this.asks.get(ask.id);
    this.stops.delete(ask.id);
    if (!now) return;
    const ended: Ask = { ...now, state: signal.aborted ? 'stopped' : state };
    this.asks.set(ask.id, ended);
    this.options.events.publish({ kind: 'ask-ended', ask: ended });
    await this.save();
  }

  /** @returns whether it was answered */
  private async answerPane(
    { id, request }: Ask,
    pane: number,
    { folder, images }: { folder: string; images: readonly string[] },
    signal: AbortSignal,
  ): Promise<boolean> {
    const { question, maxTokens, temperature, topP, seed, panes } = request;
    const compressions = [panes[pane]?.compression ?? 'none'];
    const asked = { images: [...images], question, compressions, maxTokens, temperature, topP, seed };
    const hear = (event: AnswerEvent): void => this.hear(id, pane, { ...event, index: pane });
    try {
      const failure = await this.engines.of(folder).ask(`${id} ${pane}`, asked, hear, signal);
      if (!failure) return true;
      if (signal.aborted) return false;
      this.fail(id, pane, failure);
    } catch (error) {
      this.fail(id, pane, plainFailure(error));
    }
    return false;
  }

  private hear(id: string, pane: number, event: AnswerEvent): void {
    if (event.type === 'text') this.change(id, pane, (answer) => ({ ...answer, text: answer.text + event.text }));
    if (event.type === 'tokens') this.change(id, pane, (answer) => ({ ...answer, points: event.points }));
    if (event.type === 'end') this.change(id, pane, (answer) => ({ ...answer, stats: event.stats }));
    this.options.events.publish({ kind: 'answer', ask: id, event });
  }

  private fail(id: string, pane: number, failure: NonNullable<PaneAnswer['failure']>): void {
    this.change(id, pane, (answer) => ({ ...answer, failure }));
    this.options.events.publish({ kind: 'answer-failed', ask: id, pane, failure });
  }

  private change(id: string, pane: number, alter: (answer: PaneAnswer) => PaneAnswer): void {
    const ask = this.asks.get(id);
    if (!ask) return;
    const answers = ask.answers.map((answer, i) => (i === pane ? alter(answer) : answer));
    this.asks.set(id, { ...ask, answers });
  }

  private save(): Promise<void> {
    for (const id of [...this.asks.keys()].slice(0, -KEPT)) this.asks.delete(id);
    const asks = [...this.asks.values()];
    this.saving = this.saving.catch(() => undefined).then(() => writeJsonFile(this.file, { asks }));
    return this.saving;
  }
}
