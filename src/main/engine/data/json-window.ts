import { closeSync, openSync, readSync } from 'node:fs';
import { InputError } from '../../../shared/errors.ts';

const CHUNK_BYTES = 1 << 20;
/** One record; far above any conversation, so that a missing quote does not read a whole file into memory. */
const MAX_RECORD_BYTES = 16 << 20;

export const NEWLINE = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
export const COMMA = 0x2c;
const OPEN = new Set([0x5b, 0x7b]);
const CLOSE = new Set([0x5d, 0x7d]);
const SPACE = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** A window on a file that moves forward: `bytes` holds what lies from `offset` on, as far as it has been read. */
export class FileWindow {
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
export function valueLength(window: FileWindow): number {
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

export const truncated = (window: FileWindow): InputError =>
  new InputError({
    file: window.file,
    field: `line ${window.line}`,
    rule: 'the JSON array ends early: its closing ] is missing',
    hint: 'Copy or download the file again',
  });

/** Calls `read` with a window at the first byte of a UTF-8 file, behind its byte order mark, and closes the file after. */
export function* throughFile<T>(file: string, read: (window: FileWindow) => Generator<T, void>): Generator<T, void> {
  const descriptor = openFile(file);
  try {
    const window = new FileWindow(file, descriptor);
    skipByteOrderMark(window);
    yield* read(window);
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
