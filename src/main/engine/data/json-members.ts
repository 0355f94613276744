import { InputError } from '../../../shared/errors.ts';
import { parseRecord } from './json-records.ts';
import { COMMA, throughFile, truncated, valueLength, type FileWindow } from './json-window.ts';

/** One value of a file whose top level is an object. */
export interface JsonMember {
  /** Its key; for an element of a list, the list's key. */
  readonly key: string;
  /** Place in the list; undefined for a value that is none's element. */
  readonly place: number | undefined;
  readonly value: unknown;
}

const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT, COLON] = [0x5b, 0x5d, 0x7b, 0x7d, 0x3a];

function expectByte(window: FileWindow, wanted: number, what: string): void {
  if (window.skipSpace() !== wanted) {
    throw new InputError({ file: window.file, field: `line ${window.line}`, rule: `must have ${what} here` });
  }
  window.advance(1);
}

/** The next value, parsed. @throws InputError where it is no JSON */
function takeValue(window: FileWindow): unknown {
  const length = valueLength(window);
  try {
    return parseRecord(window.bytes.subarray(0, length));
  } catch (cause) {
    const field = `line ${window.line}`;
    throw new InputError({ file: window.file, field, rule: 'is not valid JSON, or not UTF-8' }, { cause });
  } finally {
    window.advance(length);
  }
}

/** Goes behind the comma, or behind the closing byte: then true. */
function isAtEnd(window: FileWindow, closing: number): boolean {
  const next = window.skipSpace();
  if (next === undefined) throw truncated(window);
  if (next !== closing && next !== COMMA) {
    throw new InputError({ file: window.file, field: `line ${window.line}`, rule: 'a comma must follow a value' });
  }
  window.advance(1);
  return next === closing;
}

function* listElements(window: FileWindow, key: string): Generator<JsonMember, void> {
  window.advance(1);
  if (window.skipSpace() === CLOSE_LIST) return window.advance(1);
  for (let place = 0; ; place++) {
    window.skipSpace();
    yield { key, place, value: takeValue(window) };
    if (isAtEnd(window, CLOSE_LIST)) return;
  }
}

function* members(window: FileWindow): Generator<JsonMember, void> {
  expectByte(window, OPEN_OBJECT, '{, as the file holds one object');
  if (window.skipSpace() === CLOSE_OBJECT) return;
  do {
    window.skipSpace();
    const key = takeValue(window);
    if (typeof key !== 'string') {
      throw new InputError({ file: window.file, field: `line ${window.line}`, value: key, rule: 'must be a key' });
    }
    expectByte(window, COLON, 'a colon behind the key');
    if (window.skipSpace() === OPEN_LIST) yield* listElements(window, key);
    else yield { key, place: undefined, value: takeValue(window) };
  } while (!isAtEnd(window, CLOSE_OBJECT));
}

/**
 * What a JSON file with an object at its top holds, value by value, lists element by element: memory stays at one of
 * them, whatever the file's size.
 * @throws InputError where it is another kind of file, no JSON or cut off
 */
export function readMembers(file: string): Generator<JsonMember, void> {
  return throughFile(file, members);
}
