import { InputError } from '../../../shared/errors.ts';

interface Scan {
  readonly text: string;
  position: number;
}

/** The string literal that starts at the scan's position; moves behind it. The text is valid JSON already. */
function takeString(scan: Scan): string {
  const start = scan.position;
  let end = start + 1;
  while (scan.text[end] !== '"') end += scan.text[end] === '\\' ? 2 : 1;
  scan.position = end + 1;
  return JSON.parse(scan.text.slice(start, end + 1)) as string;
}

const nextIsColon = (scan: Scan): boolean => {
  let at = scan.position;
  while (' \t\n\r'.includes(scan.text[at] ?? '.')) at += 1;
  return scan.text[at] === ':';
};

/**
 * The first key that occurs twice in one object of `text`, or undefined. `text` must be valid JSON. Keys are compared
 * after their escapes are resolved.
 */
export function findDuplicateKey(text: string): string | undefined {
  const scan: Scan = { text, position: 0 };
  const openKeys: Set<string>[] = [];
  while (scan.position < text.length) {
    const character = text[scan.position];
    if (character === '"') {
      const value = takeString(scan);
      const keys = openKeys.at(-1);
      if (!keys || !nextIsColon(scan)) continue;
      if (keys.has(value)) return value;
      keys.add(value);
      continue;
    }
    // A list gets a set too, so that closing brackets match; its strings are never followed by a colon.
    if (character === '{' || character === '[') openKeys.push(new Set());
    if (character === '}' || character === ']') openKeys.pop();
    scan.position += 1;
  }
  return undefined;
}

/**
 * UTF-8 JSON, read strictly: bytes that are not UTF-8, broken syntax and keys given twice are errors (JSON.parse keeps
 * the last one of those silently). Throws an `InputError` that names `file` and `field`.
 */
export function parseStrictJson(bytes: Uint8Array, file: string, field?: string): unknown {
  const refuse = (rule: string, cause?: unknown): never => {
    throw new InputError({ file, field, rule }, { cause });
  };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    return refuse('must be UTF-8 text', error);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return refuse(`must be valid JSON: ${(error as Error).message}`, error);
  }
  const duplicate = findDuplicateKey(text);
  return duplicate === undefined ? json : refuse(`must not give the key ${JSON.stringify(duplicate)} twice`);
}
