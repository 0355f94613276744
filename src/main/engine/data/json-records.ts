import { closeSync, openSync, readSync } from 'node:fs';
import { InputError } from '../../../shared/errors.ts';

/** Where one record of a JSON array or a JSONL file lies. */
export interface RecordSpan {
  /** First byte in the file. */
  readonly start: number;
  /** The record's bytes. Valid until the next record is asked for. */
  readonly bytes: Buffer;
  /** Line on which it starts, from 1. */
  readonly line: number;
}

const CHUNK_BYTES = 1 << 20;
/** One record; far above any conversation, so that a missing quote does not read a whole file into memory. */
export const MAX_RECORD_BYTES = 16 << 20;

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN = new Set([0x5b, 0x7b]);
const CLOSE = new Set([0x5d, 0x7d]);
const SPACE = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** A window on a file that moves forward: `bytes` holds what lies from `offset` on, as far as it has been read. */
class FileWindow {
  readonly file: string;
  bytes = Buffer.alloc(0);
  offset = 0;
  /** Line of the window's first byte, from 1. */
  line = 1;
  private readonly descriptor: number;

  constructor(file: string, descriptor: number) {
    this.file = file;
    this.descriptor = descriptor;
  }

  /** Reads one chunk more. False at the end of the file. */
  grow(): boolean {
    if (this.bytes.length > MAX_RECORD_BYTES) {
      throw new InputError({
        file: this.file,
        field: `line ${this.line}`,
        rule: `one record is larger than ${MAX_RECORD_BYTES >> 20} MB`,
      });
    }
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const count = readSync(this.descriptor, chunk, 0, CHUNK_BYTES, this.offset + this.bytes.length);
    if (count > 0)
      this.bytes =
        this.bytes.length === 0 ? chunk.subarray(0, count) : Buffer.concat([this.bytes, chunk.subarray(0, count)]);
    return count > 0;
  }

  /** Drops the first `count` bytes. */
  advance(count: number): void {
    const dropped = this.bytes.subarray(0, count);
    for (let at = dropped.indexOf(NEWLINE); at >= 0; at = dropped.indexOf(NEWLINE, at + 1)) this.line++;
    this.bytes = this.bytes.subarray(count);
    this.offset += count;
  }

  /** The first byte that is not white space, with everything before it dropped; undefined at the end of the file. */
  skipSpace(): number | undefined {
    let at = 0;
    for (;;) {
      while (at < this.bytes.length && SPACE.has(this.bytes[at] as number)) at++;
      if (at < this.bytes.length || !this.grow()) break;
    }
    this.advance(at);
    return this.bytes[0];
  }
}

function skipByteOrderMark(window: FileWindow): void {
  window.grow();
  const head = window.bytes;
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
    throw new InputError({ file: window.file, rule: 'must be UTF-8 (it starts with a UTF-16 byte order mark)' });
  }
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) window.advance(3);
}

/** End of the string whose opening quote is at `at` (the byte after its closing quote), or -1 where it lies beyond `bytes`. */
function stringEnd(bytes: Buffer, at: number): number {
  for (let quote = bytes.indexOf(QUOTE, at + 1); quote >= 0; quote = bytes.indexOf(QUOTE, quote + 1)) {
    let escapes = 0;
    while (bytes[quote - 1 - escapes] === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return quote + 1;
  }
  return -1;
}

/** Length of the JSON value at the window's start: up to its closing bracket or quote, or the comma or bracket behind a bare one. */
function valueLength(window: FileWindow): number {
  let depth = 0;
  let at = 0;
  for (;;) {
    while (at < window.bytes.length) {
      const byte = window.bytes[at] as number;
      if (byte === QUOTE) {
        const end = stringEnd(window.bytes, at);
        if (end < 0) break;
        at = end;
        if (depth === 0) return at;
        continue;
      }
      if (OPEN.has(byte)) depth++;
      else if (depth === 0 && (byte === COMMA || CLOSE.has(byte))) return at;
      else if (CLOSE.has(byte) && --depth === 0) return at + 1;
      at++;
    }
    if (!window.grow()) throw truncated(window);
  }
}

const truncated = (window: FileWindow): InputError =>
  new InputError({
    file: window.file,
    field: `line ${window.line}`,
    rule: 'the JSON array ends early: its closing ] is missing',
    hint: 'Copy or download the file again',
  });

function* arrayRecords(window: FileWindow): Generator<RecordSpan, void> {
  window.advance(1);
  if (window.skipSpace() === 0x5d) return checkTail(window);
  for (;;) {
    if (window.skipSpace() === undefined) throw truncated(window);
    const length = valueLength(window);
    yield { start: window.offset, bytes: window.bytes.subarray(0, length), line: window.line };
    window.advance(length);
    const next = window.skipSpace();
    if (next === undefined) throw truncated(window);
    if (next === 0x5d) return checkTail(window);
    if (next !== COMMA)
      throw new InputError({
        file: window.file,
        field: `line ${window.line}`,
        rule: 'a comma or ] must follow a record',
      });
    window.advance(1);
  }
}

function checkTail(window: FileWindow): void {
  window.advance(1);
  if (window.skipSpace() === undefined) return;
  throw new InputError({
    file: window.file,
    field: `line ${window.line}`,
    rule: 'nothing may follow the closing ] of the array',
  });
}

function lineLength(window: FileWindow): number {
  for (let from = 0; ;) {
    const end = window.bytes.indexOf(NEWLINE, from);
    if (end >= 0) return end;
    from = window.bytes.length;
    if (!window.grow()) return window.bytes.length;
  }
}

/** The JSON of one record's bytes. @throws SyntaxError or TypeError where they are no JSON or no UTF-8. */
export function parseRecord(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
}

function isJson(bytes: Uint8Array): boolean {
  try {
    parseRecord(bytes);
    return true;
  } catch {
    return false;
  }
}

/**
 * JSONL starts with `{`, and so does a single object, which is no dataset. In a .json file, lines are records where the
 * first is whole JSON and not the only one.
 */
function refuseTopLevelObject(window: FileWindow): void {
  const length = lineLength(window);
  const single = /\.json$/i.test(window.file);
  const whole = isJson(window.bytes.subarray(0, length));
  const onlyLine = window.bytes.subarray(length).toString('latin1').trim() === '' && !window.grow();
  if (!single || (whole && !onlyLine)) return;
  throw new InputError({
    file: window.file,
    rule: 'must hold an array of records, or one record a line (JSONL), not one object',
    hint: 'Put the records into [ ], or name the file .jsonl',
  });
}

function* lineRecords(window: FileWindow): Generator<RecordSpan, void> {
  while (window.skipSpace() !== undefined) {
    const length = lineLength(window);
    yield { start: window.offset, bytes: window.bytes.subarray(0, length), line: window.line };
    window.advance(length);
  }
}

/**
 * The records of a dataset file, one by one: a JSON array or JSONL, UTF-8 with or without a byte order mark, any line
 * ends. Memory stays at a chunk and a record, whatever the file's size. Records are not parsed here.
 * @throws InputError where the file as a whole is unusable: missing, empty, another encoding, a cut-off array.
 */
export function* readRecords(file: string): Generator<RecordSpan, void> {
  const descriptor = openFile(file);
  try {
    const window = new FileWindow(file, descriptor);
    skipByteOrderMark(window);
    const first = window.skipSpace();
    if (first === undefined) throw new InputError({ file, rule: 'is empty; it must hold records' });
    if (first === 0x5b) return yield* arrayRecords(window);
    if (first !== 0x7b) {
      throw new InputError({
        file,
        field: `line ${window.line}`,
        rule: 'must be a JSON array of records or JSONL, so start with [ or {',
      });
    }
    refuseTopLevelObject(window);
    yield* lineRecords(window);
  } finally {
    closeSync(descriptor);
  }
}

function openFile(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (cause) {
    throw new InputError({ file, rule: `cannot be read (${(cause as NodeJS.ErrnoException).code})` }, { cause });
  }
}
