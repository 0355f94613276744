import { InputError } from '../../../shared/errors.ts';

/** Special tokens of tokenizers made here, in the order of their ids. */
const SPECIAL_TOKENS = ['<s>', '</s>', '<pad>', '<image>'] as const;
const BYTES = 256;
/** Special tokens and single bytes: without merges. */
export const SMALLEST_VOCABULARY = SPECIAL_TOKENS.length + BYTES;
/** A pair seen once would only learn one text by heart. */
const MIN_COUNT = 2;

// GPT-2's split, which the ByteLevel pre-tokenizer of Hugging Face's tokenizers also makes: merges never cross words.
const WORDS = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** The two files of a tokenizer, as written to a model folder. */
export interface TokenizerFiles {
  readonly 'tokenizer.json': string;
  readonly 'tokenizer_config.json': string;
}

/**
 * Trains a byte-level BPE tokenizer (Sennrich et al. 2016, GPT-2's byte alphabet): it spells any text, without unknown
 * tokens. The most frequent pair of neighbours is merged, again and again; among equals the pair with the smaller ids.
 * The same texts in any order give the same files.
 * @param vocabSize largest vocabulary, special tokens and the 256 bytes included. It becomes smaller where the texts
 *   have no pair left that occurs twice.
 * @throws InputError where `vocabSize` cannot hold the bytes.
 */
export function trainTokenizer(texts: Iterable<string>, vocabSize: number): TokenizerFiles {
  if (!Number.isInteger(vocabSize) || vocabSize < SMALLEST_VOCABULARY) {
    throw new InputError({
      field: 'vocabSize',
      value: vocabSize,
      rule: `must be ${SMALLEST_VOCABULARY} or more: special tokens and every byte`,
    });
  }
  const alphabet = byteAlphabet();
  const tokens: string[] = [...SPECIAL_TOKENS, ...alphabet];
  const idOf = new Map(tokens.map((token, id) => [token, id]));
  const merges = new MergeTable(countWords(texts));
  const pairs: [string, string][] = [];
  while (tokens.length < vocabSize) {
    const pair = merges.takeMostFrequent();
    if (!pair) break;
    const [left, right] = [tokens[pair.left] as string, tokens[pair.right] as string];
    // Two pairs may spell the same token: a + bc, ab + c.
    const id = idOf.get(left + right) ?? tokens.push(left + right) - 1;
    idOf.set(left + right, id);
    merges.merge(pair, id);
    pairs.push([left, right]);
  }
  return { 'tokenizer.json': tokenizerJson(tokens, pairs), 'tokenizer_config.json': tokenizerConfig() };
}

/** GPT-2's letter for each byte: printable bytes stand for themselves, the others for letters from U+0100 on. */
function byteAlphabet(): string[] {
  const isPrintable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 0x100;
  return Array.from({ length: BYTES }, (_, byte) => String.fromCodePoint(isPrintable(byte) ? byte : next++));
}

interface Word {
  /** Token ids; they become fewer as pairs merge. */
  ids: number[];
  readonly count: number;
}

function countWords(texts: Iterable<string>): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const [word] of text.matchAll(WORDS)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => ({
    ids: [...Buffer.from(word)].map((byte) => byte + SPECIAL_TOKENS.length),
    count,
  }));
}

interface Pair {
  readonly left: number;
  readonly right: number;
  /** How often the pair stands in the texts. */
  count: number;
  readonly words: Set<Word>;
}

interface Candidate {
  readonly pair: Pair;
  /** The pair's count when this was noted; out of date where it has changed since. */
  readonly count: number;
}

const isBefore = (a: Candidate, b: Candidate): boolean =>
  a.count !== b.count
    ? a.count > b.count
    : a.pair.left !== b.pair.left
      ? a.pair.left < b.pair.left
      : a.pair.right < b.pair.right;

/** All pairs of neighbours with their counts, kept up to date while pairs merge. */
class MergeTable {
  private readonly pairs = new Map<number, Pair>();
  /** Binary heap. Counts change behind its back: an entry is good only if its count still is. */
  private readonly heap: Candidate[] = [];

  constructor(words: readonly Word[]) {
    for (const word of words) this.addPairs(word, word.count);
    for (const pair of this.pairs.values()) this.note(pair);
  }

  takeMostFrequent(): Pair | undefined {
    for (let top = this.pop(); top; top = this.pop()) {
      if (top.count === top.pair.count && top.count >= MIN_COUNT) return top.pair;
    }
    return undefined;
  }

  /** Replaces the pair by the token `merged` everywhere. */
  merge({ left, right, words }: Pair, merged: number): void {
    const changed = new Set<Pair>();
    for (const word of [...words]) {
      for (const pair of this.addPairs(word, -word.count)) changed.add(pair);
      word.ids = mergeIds(word.ids, left, right, merged);
      for (const pair of this.addPairs(word, word.count)) changed.add(pair);
    }
    for (const pair of changed) this.note(pair);
  }

  private addPairs(word: Word, count: number): Pair[] {
    const touched: Pair[] = [];
    for (let i = 1; i < word.ids.length; i++) {
      const pair = this.pairOf(word.ids[i - 1] as number, word.ids[i] as number);
      pair.count += count;
      if (count > 0) pair.words.add(word);
      else pair.words.delete(word);
      touched.push(pair);
    }
    return touched;
  }

  private pairOf(left: number, right: number): Pair {
    const key = left * 2 ** 26 + right;
    let pair = this.pairs.get(key);
    if (!pair) this.pairs.set(key, (pair = { left, right, count: 0, words: new Set() }));
    return pair;
  }

  private note(pair: Pair): void {
    if (pair.count < MIN_COUNT) return;
    const candidate = { pair, count: pair.count };
    let at = this.heap.push(candidate) - 1;
    for (
      let parent = (at - 1) >> 1;
      at > 0 && isBefore(candidate, this.heap[parent] as Candidate);
      parent = (at - 1) >> 1
    ) {
      this.heap[at] = this.heap[parent] as Candidate;
      at = parent;
    }
    this.heap[at] = candidate;
  }

  private pop(): Candidate | undefined {
    const top = this.heap[0];
    const last = this.heap.pop();
    if (!top || !last || this.heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const right = this.heap[child + 1];
      if (right && isBefore(right, this.heap[child] as Candidate)) child++;
      const next = this.heap[child];
      if (!next || !isBefore(next, last)) break;
      this.heap[at] = next;
      at = child;
    }
    this.heap[at] = last;
    return top;
  }
}

function mergeIds(ids: readonly number[], left: number, right: number, merged: number): number[] {
  const result: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    const isPair = ids[i] === left && ids[i + 1] === right;
    result.push(isPair ? merged : (ids[i] as number));
    if (isPair) i++;
  }
  return result;
}

function tokenizerJson(tokens: readonly string[], merges: readonly (readonly [string, string])[]): string {
  const [start] = SPECIAL_TOKENS;
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const opening = { SpecialToken: { id: start, type_id: 0 } };
  const json = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIAL_TOKENS.map((content, id) => ({ id, content, ...flags })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: {
      type: 'TemplateProcessing',
      single: [opening, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [opening, { Sequence: { id: 'A', type_id: 0 } }, opening, { Sequence: { id: 'B', type_id: 0 } }],
      special_tokens: { [start]: { id: start, ids: [0], tokens: [start] } },
    },
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
  return `${JSON.stringify(json, null, 1)}\n`;
}

/** What transformers needs beside tokenizer.json. */
function tokenizerConfig(): string {
  const [start, end, padding, image] = SPECIAL_TOKENS;
  const json = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    processor_class: 'LlavaProcessor',
    bos_token: start,
    eos_token: end,
    pad_token: padding,
    image_token: image,
    padding_side: 'right',
    clean_up_tokenization_spaces: false,
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}
