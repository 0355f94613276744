import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, InputError } from '../../../shared/errors.ts';

/** Text files of a model folder that say how conversations become tokens. */
export const TEXT_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'chat_template.jinja',
  'chat_template.json',
  'processor_config.json',
] as const;

/** Contents by name; files that a folder does not have are left out. */
export type TextFiles = Partial<Record<(typeof TEXT_FILES)[number], string>>;

/**
 * Reads the `TEXT_FILES` of a model folder.
 *
 * @throws InputError where there is no tokenizer.json, saying what to do where there is another kind of tokenizer
 */
export function readTextFiles(folder: string): TextFiles {
  const files: TextFiles = {};
  for (const name of TEXT_FILES) {
    const text = readText(join(folder, name));
    if (text !== undefined) files[name] = text;
  }
  if (files['tokenizer.json'] === undefined) throw missingTokenizer(folder);
  return files;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw new InputError({ file, rule: `cannot be read (${codeOf(cause)})` }, { cause });
  }
}

/** Other tokenizers, which transformers can turn into a tokenizer.json. */
const OTHER_TOKENIZERS = [
  ['tokenizer.model', 'SentencePiece'],
  ['vocab.json', 'vocabulary and merges'],
] as const;

function missingTokenizer(folder: string): InputError {
  const file = join(folder, 'tokenizer.json');
  const other = OTHER_TOKENIZERS.find(([name]) => existsSync(join(folder, name)));
  if (!other) return new InputError({ file, rule: 'is missing from the model folder' });
  const [name, kind] = other;
  const convert = `AutoTokenizer.from_pretrained("${folder}").save_pretrained("${folder}")`;
  return new InputError({
    file,
    rule: `is missing: the folder has its tokenizer as ${name} (${kind}), which is not read`,
    hint: `Write tokenizer.json once with Python: from transformers import AutoTokenizer; ${convert}`,
  });
}

/** The value of a JSON text. @throws InputError where it is none */
export function parseTokenizerJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (cause) {
    throw new InputError({ file, rule: 'must be JSON, and is not or is cut off' }, { cause });
  }
}
