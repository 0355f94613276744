import { join } from 'node:path';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { InputError } from '../../../shared/errors.ts';
import { parseTokenizerJson, readTextFiles, type TextFiles } from './tokenizer-files.ts';
import {
  type AddedToken,
  parseTokenizer,
  type ParsedTokenizer,
  type SpecialTokens,
  type TokenizerJson,
  type TokenNames,
} from './tokenizer-json.ts';

/** Text that no one types: noncharacters around a name. It stands for "some special token was here". */
const SENTINEL = '\ufdd0special\ufdd1';

/** Without this the library drops spaces before punctuation when decoding; for BPE it reads nothing else. */
const LIBRARY_SETTINGS = { clean_up_tokenization_spaces: false };

/** Short questions come again in every epoch and often in many samples: so many texts keep their ids. */
const KNOWN_TEXTS = 20_000;
const LONGEST_KNOWN_TEXT = 256;

/** Where a text stands; some tokenizers put a space in front of the first words only. */
export type TextPlace = 'start' | 'after-special';

/**
 * A Hugging Face tokenizer.json for encoding conversations piece by piece. Special tokens enter by id alone: in a text,
 * `<image>` or `</s>` are letters like any others, so no question or answer can forge one.
 */
export class Tokenizer {
  readonly special: SpecialTokens;
  /** Special tokens by the names that chat templates use, e.g. `eos_token`; `image_token` is always there. */
  readonly names: TokenNames;
  /** All special tokens by their text. */
  readonly specialTokens: ReadonlyMap<string, AddedToken>;
  /** Ids that open every row, e.g. [<s>]; often one, or none. */
  readonly prefix: readonly number[];
  /** Largest id + 1. */
  readonly size: number;
  private readonly whole: HuggingFaceTokenizer;
  private readonly textOnly: HuggingFaceTokenizer;
  private readonly tokens: readonly (string | undefined)[];
  private readonly specialIds: ReadonlySet<number>;
  private readonly byteLevel: boolean;
  private readonly byteFallback: boolean;
  private readonly known = new Map<string, readonly number[]>();

  private constructor({ tokenizer: json, special, names }: ParsedTokenizer) {
    const ids = new Map<string, number>(Object.entries(json.model.vocab));
    for (const { content, id } of json.added_tokens) ids.set(content, id);
    const tokens: (string | undefined)[] = [];
    for (const [content, id] of ids) tokens[id] = content;
    const specials = json.added_tokens.filter((token) => token.special);
    this.special = special;
    this.names = names;
    this.specialTokens = new Map(specials.map((token) => [token.content, token]));
    this.tokens = tokens;
    this.size = tokens.length;
    this.specialIds = new Set(specials.map(({ id }) => id));
    this.byteLevel = JSON.stringify([json.pre_tokenizer, json.decoder]).includes('"ByteLevel"');
    this.byteFallback = json.model.byte_fallback;
    this.whole = new HuggingFaceTokenizer(json, LIBRARY_SETTINGS);
    this.textOnly = new HuggingFaceTokenizer(withoutSpecialTokens(json, this.size), LIBRARY_SETTINGS);
    this.prefix = openingIds(this.whole);
  }

  /** Reads the tokenizer of a model folder. @throws InputError naming file and field */
  static load(folder: string): Tokenizer {
    return Tokenizer.fromFiles(readTextFiles(folder), folder);
  }

  /** A tokenizer from the texts of its files. @param folder where they lie, for messages */
  static fromFiles(files: TextFiles, folder = ''): Tokenizer {
    const json = (name: keyof TextFiles): unknown => {
      const text = files[name];
      return text === undefined ? undefined : parseTokenizerJson(text, join(folder, name));
    };
    const file = join(folder, 'tokenizer.json');
    const tokenizer = json('tokenizer.json');
    if (tokenizer === undefined) throw new InputError({ file, rule: 'is missing from the model folder' });
    const config = json('tokenizer_config.json');
    const specialTokensMap = json('special_tokens_map.json');
    const addedTokens = json('added_tokens.json');
    return new Tokenizer(parseTokenizer({ tokenizer, config, specialTokensMap, addedTokens }, file));
  }

  /** A tokenizer from the content of its two main files. @param file how to call tokenizer.json in messages */
  static parse(tokenizer: unknown, config: unknown, file: string): Tokenizer {
    return new Tokenizer(parseTokenizer({ tokenizer, config }, file));
  }

  /**
   * Checks that a model and this tokenizer belong together. Rows of embeddings without a token are padding (Qwen2 has
   * hundreds).
   *
   * @throws InputError where ids of this tokenizer lie outside the vocabulary, or the two mean other image tokens
   */
  checkModel(model: { readonly vocabSize: number; readonly imageTokenId: number }, file: string): void {
    const hint = 'Tokenizer and model must come from the same folder';
    if (this.size > model.vocabSize) {
      const rule = `has ${this.size} token ids, but the model's vocabulary has ${model.vocabSize}`;
      throw new InputError({ file, field: 'model.vocab', rule, hint });
    }
    if (this.special.image !== model.imageTokenId) {
      const rule = `gives ${this.names['image_token']} another id than the model's image_token_index ${model.imageTokenId}`;
      throw new InputError({ file, field: 'added_tokens', value: this.special.image, rule, hint });
    }
  }

  /** Token ids of a text, without `prefix`. */
  encode(text: string, place: TextPlace = 'start'): readonly number[] {
    if (text.includes(SENTINEL))
      throw new InputError({ value: text, rule: 'holds noncharacters (U+FDD0) that are reserved here' });
    if (text.length > LONGEST_KNOWN_TEXT) return this.encodeText(text, place);
    const key = `${place} ${text}`;
    let ids = this.known.get(key);
    if (!ids) {
      ids = this.encodeText(text, place);
      if (this.known.size === KNOWN_TEXTS) this.known.clear();
      this.known.set(key, ids);
    }
    return ids;
  }

  private encodeText(text: string, place: TextPlace): readonly number[] {
    if (place === 'start') return this.textOnly.encode(text, { add_special_tokens: false }).ids;
    return this.textOnly.encode(SENTINEL + text, { add_special_tokens: false }).ids.slice(1);
  }

  /** Token ids of a text in which special tokens are written out, opened as the tokenizer opens texts. Only for trusted text. */
  encodeWithSpecialTokens(text: string): number[] {
    return this.whole.encode(text).ids;
  }

  /** The text of token ids. Ids that are no token, such as a model's padding rows, give nothing. */
  decode(ids: Iterable<number>, options: { readonly keepSpecial?: boolean } = {}): string {
    const known = [...ids].filter(
      (id) => this.tokens[id] !== undefined && (options.keepSpecial || !this.specialIds.has(id)),
    );
    return known.length === 0 ? '' : this.whole.decode(known);
  }

  isSpecial(id: number): boolean {
    return this.specialIds.has(id);
  }

  /** The token as tokenizer.json writes it; undefined for an id that is none. */
  token(id: number): string | undefined {
    return this.tokens[id];
  }

  /** Id of a token as tokenizer.json writes it. */
  idOf(token: string): number | undefined {
    return this.whole.token_to_id(token);
  }

  /**
   * Bytes of normalised text that a token stands for. Sums of these place a boundary of characters among the tokens;
   * an unknown token counts its own name, so they are exact for vocabularies that can spell every byte.
   */
  byteLength(id: number): number {
    const token = this.tokens[id] ?? '';
    if (this.byteLevel) return token.length;
    if (this.byteFallback && /^<0x[0-9A-F]{2}>$/.test(token)) return 1;
    return Buffer.byteLength(token);
  }
}

/** The same vocabulary, where special tokens cannot come out of text; one sentinel shows texts that stand behind one. */
function withoutSpecialTokens(json: TokenizerJson, sentinelId: number): TokenizerJson {
  const special = new Set(json.added_tokens.filter((token) => token.special).map(({ content }) => content));
  const { unk_token: unknown } = json.model;
  const vocab = Object.fromEntries(
    Object.entries(json.model.vocab).filter(([token]) => token === unknown || !special.has(token)),
  );
  const sentinel = {
    id: sentinelId,
    content: SENTINEL,
    special: true,
    normalized: false,
    lstrip: false,
    rstrip: false,
  };
  return {
    ...json,
    added_tokens: [...json.added_tokens.filter((token) => !token.special), sentinel],
    model: { ...json.model, vocab },
  };
}

/** What the post-processor puts in front of a text. */
function openingIds(tokenizer: HuggingFaceTokenizer): number[] {
  const plain = tokenizer.encode('a', { add_special_tokens: false }).ids;
  const full = tokenizer.encode('a').ids;
  const start = full.findIndex((_, i) => plain.every((id, j) => full[i + j] === id));
  return full.slice(0, Math.max(0, start));
}
