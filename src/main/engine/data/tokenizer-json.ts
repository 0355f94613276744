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

const tokenNameSchema = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish();

const configSchema = z.looseObject({
  eos_token: tokenNameSchema,
  pad_token: tokenNameSchema,
  image_token: tokenNameSchema,
});

/**
 * Checks the contents of tokenizer.json and tokenizer_config.json: a BPE vocabulary with its merges, ids without gaps,
 * an image and an end token. @throws InputError naming file and field.
 */
export function parseTokenizer(
  json: unknown,
  config: unknown,
  file: string,
): { tokenizer: TokenizerJson; special: SpecialTokens } {
  const tokenizer = check(tokenizerSchema, json, file);
  const settings = check(configSchema, config, file.replace(/tokenizer\.json$/, 'tokenizer_config.json'));
  checkIds(tokenizer, file);
  checkMerges(tokenizer, file);
  const idOf = (name: string): number | undefined => specialId(tokenizer, name);
  const required = (name: string, what: string): number => {
    const id = idOf(name);
    if (id !== undefined) return id;
    throw new InputError({
      file,
      field: 'added_tokens',
      value: name,
      rule: `must hold the ${what} token as a special token`,
    });
  };
  const padding = nameOf(settings.pad_token);
  const special = {
    image: required(nameOf(settings.image_token) ?? '<image>', 'image'),
    endOfText: required(nameOf(settings.eos_token) ?? '</s>', 'end'),
    padding: padding === undefined ? undefined : idOf(padding),
  };
  checkStripping(tokenizer, special, file);
  return { tokenizer, special };
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

function checkMerges({ model }: TokenizerJson, file: string): void {
  model.merges.forEach((merge, i) => {
    const field = `model.merges[${i}]`;
    const parts = typeof merge === 'string' ? merge.split(' ') : merge;
    const [left = '', right = ''] = parts;
    if (parts.length !== 2) throw new InputError({ file, field, value: merge, rule: 'must be two tokens' });
    const missing = [left, right, left + right].find((token) => !Object.hasOwn(model.vocab, token));
    if (missing !== undefined)
      throw new InputError({ file, field, value: missing, rule: 'this token is missing from model.vocab' });
  });
  // Single characters and byte tokens are spelt without merges, whole words are not.
  const words = Object.keys(model.vocab).filter((token) => Array.from(token).length > 1 && !/^<.*>$/.test(token));
  if (words.length > 0 && model.merges.length === 0) {
    throw new InputError({
      file,
      field: 'model.merges',
      rule: `is empty, though the vocabulary has ${words.length} tokens that only merges can make`,
    });
  }
}

/** Texts are encoded apart from the tokens between them, so a token must not eat white space from its neighbours. */
function checkStripping(json: TokenizerJson, special: SpecialTokens, file: string): void {
  json.added_tokens.forEach((token, i) => {
    if ((token.lstrip || token.rstrip) && (token.id === special.image || token.id === special.endOfText)) {
      throw new InputError({
        file,
        field: `added_tokens[${i}]`,
        value: token.content,
        rule: 'must have lstrip and rstrip false',
      });
    }
  });
}
