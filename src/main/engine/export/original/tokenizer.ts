import { join } from 'node:path';
import { z } from 'zod';
import { parseTokenizerJson, readTextFiles, type TextFiles } from '../../data/tokenizer-files.ts';
import { Tokenizer } from '../../data/tokenizer.ts';
import { validate } from '../../model/validate.ts';

const tokenId = z.int().min(0);
const tokenizerSchema = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: tokenId, content: z.string() })).default([]),
  model: z.looseObject({ vocab: z.record(z.string(), tokenId) }),
});
const configSchema = z.looseObject({
  added_tokens_decoder: z.record(z.string(), z.looseObject({ content: z.string() })).optional(),
});
const addedSchema = z.record(z.string(), tokenId);

const FLAGS = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };

const write = (json: unknown): string => `${JSON.stringify(json, null, 2)}\n`;

/** The tokenizer's files, parsed as far as adding a token takes. */
interface Sources {
  readonly tokenizer: z.output<typeof tokenizerSchema>;
  readonly config: z.output<typeof configSchema>;
  readonly added: z.output<typeof addedSchema>;
}

function parse(files: TextFiles, folder: string): Sources {
  const read = <T extends z.ZodType>(schema: T, name: keyof TextFiles): z.output<T> =>
    validate(schema, parseTokenizerJson(files[name] ?? '{}', join(folder, name)), join(folder, name));
  return {
    tokenizer: read(tokenizerSchema, 'tokenizer.json'),
    config: read(configSchema, 'tokenizer_config.json'),
    added: read(addedSchema, 'added_tokens.json'),
  };
}

/** Ids by token, in whichever file they are. */
function idsOf({ tokenizer, config, added }: Sources): Map<string, number> {
  const decoder = Object.entries(config.added_tokens_decoder ?? {});
  return new Map([
    ...Object.entries(tokenizer.model.vocab),
    ...tokenizer.added_tokens.map(({ content, id }) => [content, id] as const),
    ...decoder.map(([id, { content }]) => [content, Number(id)] as const),
    ...Object.entries(added),
  ]);
}

/** The files with a special token under a name; one that is missing gets the next id. */
function withToken(files: TextFiles, name: 'image_token' | 'pad_token', content: string, folder: string): TextFiles {
  const sources = parse(files, folder);
  const { tokenizer } = sources;
  const { added_tokens_decoder: decoder, ...config } = sources.config;
  const ids = idsOf(sources);
  const isNew = !ids.has(content);
  const id = isNew ? 1 + [...ids.values()].reduce((a, b) => Math.max(a, b), -1) : (ids.get(content) as number);
  const own = { id, content, ...FLAGS };
  const decoded = decoder && { added_tokens_decoder: isNew ? { ...decoder, [id]: { content, ...FLAGS } } : decoder };
  return {
    ...files,
    'tokenizer.json': write(isNew ? { ...tokenizer, added_tokens: [...tokenizer.added_tokens, own] } : tokenizer),
    'tokenizer_config.json': write({ ...config, ...decoded, [name]: content }),
  };
}

/** A language model's own template knows no pictures: LLaVA is asked by the conversation it was trained with. */
function withoutTemplate(files: TextFiles, folder: string): TextFiles {
  const { chat_template: _, ...config } = parse(files, folder).config;
  const { 'chat_template.jinja': _jinja, 'chat_template.json': _json, ...others } = files;
  return { ...others, 'tokenizer_config.json': write(config) };
}

/** A tokenizer that knows pictures. */
export interface ExtendedTokenizer {
  readonly files: TextFiles;
  readonly tokenizer: Tokenizer;
}

/**
 * The tokenizer of a checkpoint in the LLaVA authors' layout with the token `<image>`, for which their code has a
 * number outside the vocabulary (-200), and with a padding token, as transformers' `convert_llava_weights_to_hf` adds them.
 *
 * @throws InputError where the folder has no tokenizer.json, or a malformed one
 */
export function extendTokenizer(folder: string): ExtendedTokenizer {
  const files = withToken(withoutTemplate(readTextFiles(folder), folder), 'image_token', '<image>', folder);
  const tokenizer = Tokenizer.fromFiles(files, folder);
  if (tokenizer.special.padding !== undefined) return { files, tokenizer };
  const padded = withToken(files, 'pad_token', '<pad>', folder);
  return { files: padded, tokenizer: Tokenizer.fromFiles(padded, folder) };
}
