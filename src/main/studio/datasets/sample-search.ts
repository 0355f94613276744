/** Which samples of a dataset match filters. What the index tells is at once; texts and pictures are searched in the background. */
import sharp from 'sharp';
import type { SamplesQuery } from '../../../shared/api/datasets.ts';
import { readConversation, type Conversation } from '../../../shared/dataset.ts';
import { BROKEN, modalityAt } from '../../../shared/dataset-index.ts';
import type { DatasetIndex, RawRecord } from './dataset-index.ts';

export type SampleFilters = Omit<SamplesQuery, 'offset' | 'limit'>;

/** Texts that are read and searched at once, while nobody else is answered: some 15 ms where each must be parsed. */
const CHUNK_BYTES = 1 << 20;
const CHUNK_RECORDS = 1024;

type Range = readonly [number, number] | undefined;
const isWithin = (value: number, range: Range): boolean => !range || (value >= range[0] && value <= range[1]);

const needsTexts = ({ text, answer, answerIs, answerLength }: SampleFilters): boolean =>
  [text, answer, answerIs, answerLength].some((filter) => filter !== undefined);
const needsPictures = ({ imageWidth, imageHeight }: SampleFilters): boolean =>
  imageWidth !== undefined || imageHeight !== undefined;

/** What the index alone tells of a record. */
function matchesIndex({ columns }: DatasetIndex, record: number, filters: SampleFilters): boolean {
  const { turns, media, hasImage, hasVideo, broken } = filters;
  const isBroken = columns.kinds[record] === BROKEN;
  if (broken !== undefined && broken !== isBroken) return false;
  const modality = modalityAt(columns, record);
  if (hasImage !== undefined && hasImage !== (modality === 'image')) return false;
  if (hasVideo !== undefined && hasVideo !== (modality === 'video')) return false;
  return isWithin(columns.turns[record] ?? 0, turns) && isWithin(columns.media[record] ?? 0, media);
}

function conversationOf(json: unknown): Conversation | undefined {
  try {
    return readConversation(json);
  } catch {
    return undefined;
  }
}

function matchesAnswers({ turns }: Conversation, { answer, answerIs, answerLength }: SampleFilters): boolean {
  const wanted = answer?.toLowerCase();
  return turns.some(
    (turn) =>
      (wanted === undefined || turn.answer.toLowerCase().includes(wanted)) &&
      (answerIs === undefined || turn.answer === answerIs) &&
      isWithin(turn.answer.length, answerLength),
  );
}

/** An id that is a number, written otherwise than it is shown: 1e3. */
const REWRITTEN_ID = /"id"\s*:\s*-?\d*[.e]/i;

/**
 * Whether a record can hold a text, by a look at its JSON, which is many times quicker than parsing it: without a backslash
 * texts stand in it as they are, but for placeholders, which become line breaks.
 *
 * @param wanted in small letters
 */
const canHold = (raw: string, wanted: string | undefined): boolean =>
  wanted === undefined ||
  raw.toLowerCase().includes(wanted) ||
  raw.includes('\\') ||
  wanted.includes('\n') ||
  REWRITTEN_ID.test(raw);

function matchesText(record: RawRecord, filters: SampleFilters): boolean {
  const { text: raw } = record;
  const wanted = filters.text?.toLowerCase();
  if (![wanted, filters.answer?.toLowerCase(), filters.answerIs?.toLowerCase()].every((text) => canHold(raw, text)))
    return false;
  const conversation = conversationOf(record.json);
  if (!conversation) return wanted === undefined ? false : raw.toLowerCase().includes(wanted);
  if (wanted !== undefined) {
    const { id, system = '', turns } = conversation;
    const texts = [id, system, ...turns.flatMap(({ question, answer }) => [question, answer])];
    if (!texts.some((one) => one.toLowerCase().includes(wanted))) return false;
  }
  return matchesAnswers(conversation, filters);
}

/** A search that goes on by itself; whoever asks for a page waits only until it is full. */
export class SampleSearch {
  private readonly index: DatasetIndex;
  private readonly filters: SampleFilters;
  private readonly pathsOf: (record: number) => Promise<readonly string[]>;
  private readonly found: number[] = [];
  private waiting: (() => void)[] = [];
  private isOver = false;
  private isStopped = false;

  /** @param pathsOf the pictures of a sample */
  constructor(index: DatasetIndex, filters: SampleFilters, pathsOf: (record: number) => Promise<readonly string[]>) {
    this.index = index;
    this.filters = filters;
    this.pathsOf = pathsOf;
    const isQuick = !needsTexts(filters) && !needsPictures(filters);
    if (isQuick) this.searchIndex();
    else void this.searchAll().finally(() => this.end());
  }

  /** Records found so far, ascending. */
  get records(): readonly number[] {
    return this.found;
  }

  get isComplete(): boolean {
    return this.isOver;
  }

  /** Resolves when `count` are found, the search is over, or the time is up. */
  async until(count: number, patienceMs: number): Promise<void> {
    const deadline = Date.now() + patienceMs;
    while (!this.isOver && this.found.length < count && Date.now() < deadline) {
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
        setTimeout(resolve, deadline - Date.now());
      });
    }
  }

  stop(): void {
    this.isStopped = true;
  }

  private searchIndex(): void {
    for (let record = 0; record < this.index.head.records; record++) {
      if (matchesIndex(this.index, record, this.filters)) this.found.push(record);
    }
    this.end();
  }

  private async searchAll(): Promise<void> {
    const { records } = this.index.head;
    for (let from = 0; from < records && !this.isStopped;) {
      const to = this.chunkEnd(from);
      await this.searchChunk(from, to);
      from = to;
      this.wake();
    }
  }

  /** Records that are read together: a few megabytes. */
  private chunkEnd(from: number): number {
    const { starts } = this.index.columns;
    let to = from + 1;
    const limit = (starts[from] ?? 0) + CHUNK_BYTES;
    while (to < this.index.head.records && to - from < CHUNK_RECORDS && (starts[to] ?? Infinity) < limit) to++;
    return to;
  }

  private async searchChunk(from: number, to: number): Promise<void> {
    const raws = needsTexts(this.filters) ? await this.index.readMany(from, to) : undefined;
    for (let record = from; record < to && !this.isStopped; record++) {
      if (!matchesIndex(this.index, record, this.filters)) continue;
      const raw = raws?.[record - from];
      if (raws && (!raw || !matchesText(raw, this.filters))) continue;
      if (needsPictures(this.filters) && !(await this.hasPicture(record))) continue;
      this.found.push(record);
    }
  }

  private async hasPicture(record: number): Promise<boolean> {
    const { imageWidth, imageHeight } = this.filters;
    for (const path of await this.pathsOf(record)) {
      const size = await sharp(path, { limitInputPixels: false })
        .metadata()
        .catch(() => undefined);
      if (size && isWithin(size.width, imageWidth) && isWithin(size.height, imageHeight)) return true;
    }
    return false;
  }

  private end(): void {
    this.isOver = true;
    this.wake();
  }

  private wake(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}
