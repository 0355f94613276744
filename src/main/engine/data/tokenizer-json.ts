import { z } from 'zod';
import { InputError } from '../../../shared/errors.ts';
import { fieldPath, ruleOf } from '../../../shared/validation.ts';

/** Ids of the tokens with a meaning of their own. */
export interface SpecialTokens {
  readonly image: number;
  readonly endOfText: number;
  /** Undefined where the tokenizer has none. */
  readonly padding: number | undefined;
}

/** Contents of the files of a tokenizer, parsed; all but the first may be missing. */
export interface TokenizerSources {
  readonly tokenizer: unknown;
  /** tokenizer_config.json */
  readonly config?: unknown;
  /** special_tokens_map.json: names where tokenizer_config.json, which newer files have them in, has none. */
  readonly specialTokensMap?: unknown;
  /** added_tokens.json of older files: ids by token. */
  readonly addedTokens?: unknown;
}

const idSchema = z.int().min(0).max(10_000_000);

const addedTokenSchema = z.looseObject({
  id: idSchema,
  content: z.string().min(1),
  special: z.boolean().default(false),
  normalized: z.boolean().default(true),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
});

const componentSchema = z.looseObject({ type: z.string() }).nullable().default(null);

/** What we rely on in tokenizer.json; the rest is for the library that runs it. */
const tokenizerSchema = z.looseObject({
  added_tokens: z.array(addedTokenSchema).default([]),
  normalizer: componentSchema,
  pre_tokenizer: componentSchema,
  post_processor: componentSchema,
  decoder: componentSchema,
  model: z.looseObject({
    type: z.literal('BPE').default('BPE'),
    vocab: z.record(z.string(), idSchema),
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
    byte_fallback: z.boolean().default(false),
    unk_token: z.string().nullish(),
  }),
});
export type TokenizerJson = z.infer<typeof tokenizerSchema>;
export type AddedToken = z.infer<typeof addedTokenSchema>;

const tokenNameSchema = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish();

const namesSchema = z.looseObject({
  bos_token: tokenNameSchema,
  eos_token: tokenNameSchema,
  unk_token: tokenNameSchema,
  pad_token: tokenNameSchema,
  image_token: tokenNameSchema,
});

const configSchema = namesSchema.extend({
  added_tokens_decoder: z
    .record(z.string().regex(/^\d{1,8}$/, 'must be token ids'), addedTokenSchema.omit({ id: true }))
    .default({}),
});

const addedIdsSchema = z.record(z.string().min(1), idSchema);

/** Names of special tokens under the names that chat templates know them by, e.g. `eos_token`. */
export type TokenNames = Readonly<Record<string, string>>;

/** A checked tokenizer. */
export interface ParsedTokenizer {
  readonly tokenizer: TokenizerJson;
  readonly special: SpecialTokens;
  readonly names: TokenNames;
}

/**
 * Checks the contents of a tokenizer's files: a BPE vocabulary with its merges, ids without gaps, an image and an end
 * token. Tokens that only the files beside tokenizer.json add are added, as transformers does.
 * @param file how to call tokenizer.json in messages
 * @throws InputError naming file and field.
 */
export function parseTokenizer(sources: TokenizerSources, file: string): ParsedTokenizer {
  const beside = (name: string): string => file.replace(/tokenizer\.json$/, name);
  const own = check(tokenizerSchema, sources.tokenizer, file);
  const config = check(configSchema, sources.config ?? {}, beside('tokenizer_config.json'));
  const map = check(namesSchema, sources.specialTokensMap ?? {}, beside('special_tokens_map.json'));
  const ids = check(addedIdsSchema, sources.addedTokens ?? {}, beside('added_tokens.json'));
  const names = tokenNames([config, map]);
  const tokenizer = withAddedTokens(own, config.added_tokens_decoder, ids, new Set(Object.values(names)));
  checkIds(tokenizer, file);
  checkMerges(tokenizer, file);
  return { tokenizer, special: specialTokens(tokenizer, names, file), names };
}

const SPECIAL_NAMES = ['bos_token', 'eos_token', 'unk_token', 'pad_token', 'image_token'] as const;

/** The first file that names a token decides. */
function tokenNames(files: readonly z.infer<typeof namesSchema>[]): TokenNames {
  const entries = SPECIAL_NAMES.flatMap((key) => {
    const name = files.map((file) => nameOf(file[key])).find((found) => found !== undefined);
    return name === undefined ? [] : [[key, name] as const];
  });
  return { image_token: '<image>', eos_token: '</s>', ...Object.fromEntries(entries) };
}

function withAddedTokens(
  json: TokenizerJson,
  decoder: z.infer<typeof configSchema>['added_tokens_decoder'],
  ids: z.infer<typeof addedIdsSchema>,
  specialNames: ReadonlySet<string>,
): TokenizerJson {
  const added = new Map(json.added_tokens.map((token) => [token.content, token]));
  const flags = { normalized: false, lstrip: false, rstrip: false };
  const others: AddedToken[] = [
    ...Object.entries(decoder).map(([id, token]) => ({ ...token, id: Number(id) })),
    ...Object.entries(ids).map(([content, id]) => ({ ...flags, content, id, special: specialNames.has(content) })),
  ];
  for (const token of others) if (!added.has(token.content)) added.set(token.content, token);
  return { ...json, added_tokens: [...added.values()] };
}

function specialTokens(tokenizer: TokenizerJson, names: TokenNames, file: string): SpecialTokens {
  const required = (name: string, what: string): number => {
    const id = specialId(tokenizer, name);
    if (id !== undefined) return id;
    throw new InputError({
      file,
      field: 'added_tokens',
      value: name,
      rule: `must hold the ${what} token as a special token`,
    });
  };
  const { image_token: image = '', eos_token: end = '', pad_token: padding } = names;
  return {
    image: required(image, 'image'),
    endOfText: required(end, 'end'),
    padding: padding === undefined ? undefined : specialId(tokenizer, padding),
  };
}

function check<T extends z.ZodType>(schema: T, json: unknown, file: string): z.output<T> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0] as z.core.$ZodIssue;
  const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], json);
  throw new InputError({ file, field: fieldPath(issue.path), value, rule: ruleOf(issue, value) });
}

const nameOf = (token: z.infer<typeof tokenNameSchema>): string | undefined =>
  typeof token === 'object' ? token?.content : token;

const specialId = (json: TokenizerJson, name: string): number | undefined =>
  json.added_tokens.find((token) => token.special && token.content === name)?.id;

/** Every id from 0 to the largest belongs to one token: an embedding row without a token, or two for one, is a damaged file. */
function checkIds({ model, added_tokens: added }: TokenizerJson, file: string): void {
  const tokens: (string | undefined)[] = [];
  const claim = (token: string, id: number, field: string): void => {
    if (tokens[id] !== undefined && tokens[id] !== token) {
      throw new InputError({
        file,
        field,
        value: id,
        rule: `two tokens share this id: ${JSON.stringify(tokens[id])} and ${JSON.stringify(token)}`,
      });
    }
    tokens[id] = token;
  };
  for (const [token, id] of Object.entries(model.vocab)) claim(token, id, 'model.vocab');
  added.forEach(({ content, id }, i) => claim(content, id, `added_tokens[${i}].id`));
  if (tokens.length === 0) throw new InputError({ file, field: 'model.vocab', rule: 'must hold tokens' });
  const gap = tokens.findIndex((token) => token === undefined);
  if (gap >= 0)
    throw new InputError({
      file,
      field: 'model.vocab',
      value: gap,
      rule: `no token has this id, though ids go up to ${tokens.length - 1}`,
    });
}

function checkMerges({ model, added_tokens: addedTokens }: TokenizerJson, file: string): void {
  model.merges.forEach((merge, i) => {
    const field = `model.merges[${i}]`;
    const parts = typeof merge === 'string' ? merge.split(' ') : merge;
    const [left = '', right = ''] = parts;
    if (parts.length !== 2) throw new InputError({ file, field, value: merge, rule: 'must be two tokens' });
    const missing = [left, right, left + right].find((token) => !Object.hasOwn(model.vocab, token));
    if (missing !== undefined)
      throw new InputError({ file, field, value: missing, rule: 'this token is missing from model.vocab' });
  });
  // Single characters, bytes and added tokens are spelt without merges, whole words are not.
  const added = new Set(addedTokens.map(({ content }) => content));
  const words = Object.keys(model.vocab).filter(
    (token) => Array.from(token).length > 1 && !/^<0x..>$/.test(token) && !added.has(token),
  );
  if (words.length > 0 && model.merges.length === 0) {
    throw new InputError({
      file,
      field: 'model.merges',
      rule: `is empty, though the vocabulary has ${words.length} tokens that only merges can make`,
    });
  }
}
