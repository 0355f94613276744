import { InputError } from '../../../shared/errors.ts';
import { COMMA, NEWLINE, throughFile, truncated, valueLength, type FileWindow } from './json-window.ts';

/** Where one record of a JSON array or a JSONL file lies. */
export interface RecordSpan {
  /** First byte in the file. */
  readonly start: number;
  /** The record's bytes. Valid until the next record is asked for. */
  readonly bytes: Buffer;
  /** Line on which it starts, from 1. */
  readonly line: number;
}

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
  yield* throughFile(file, allRecords);
}

function* allRecords(window: FileWindow): Generator<RecordSpan, void> {
  const { file } = window;
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
}
