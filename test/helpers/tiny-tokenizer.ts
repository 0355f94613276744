import { trainTokenizer } from '../../src/main/engine/data/tokenizer-training.ts';
import { Tokenizer } from '../../src/main/engine/data/tokenizer.ts';

export interface TokenizerFile {
  readonly pre_tokenizer: Record<string, unknown>;
  readonly model: { readonly vocab: Record<string, number>; readonly merges: [string, string][] };
  readonly [key: string]: unknown;
}

/** A small byte-level tokenizer: <s> 0, </s> 1, <pad> 2, <image> 3. */
export function tinyTokenizer(): Tokenizer {
  return Tokenizer.parse(
    tinyTokenizer.json(['USER: What colour? ASSISTANT: red', 'USER: What? ASSISTANT: a red cat'], 300),
    {},
    'tiny',
  );
}

/** The content of the tokenizer.json that such texts give. */
tinyTokenizer.json = (texts: string[], size: number): TokenizerFile =>
  JSON.parse(trainTokenizer(texts, size)['tokenizer.json']) as TokenizerFile;
