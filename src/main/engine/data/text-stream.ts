import type { Tokenizer } from './tokenizer.ts';

const REPLACEMENT = '\ufffd';

/**
 * Text of an answer while it is generated, token by token. A character whose bytes are spread over several tokens comes
 * out once it is complete, and spaces come out as in the decoded whole.
 */
export class TextStream {
  private readonly tokenizer: Tokenizer;
  /** Tokens from the last text that came out onwards: `shown` of them are out, as context for the ones behind. */
  private ids: number[] = [];
  private shown = 0;

  constructor(tokenizer: Tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** Adds a token. @returns the text that is new: often one word, nothing for special tokens and parts of characters. */
  push(id: number): string {
    if (this.tokenizer.isSpecial(id) || this.tokenizer.token(id) === undefined) return '';
    this.ids.push(id);
    const text = this.newText();
    if (text === '' || text.endsWith(REPLACEMENT)) return '';
    this.ids = this.ids.slice(this.shown);
    this.shown = this.ids.length;
    return text;
  }

  /** The end: what is left of a character that was never completed. */
  flush(): string {
    const text = this.newText();
    this.ids = [];
    this.shown = 0;
    return text;
  }

  private newText(): string {
    const before = this.tokenizer.decode(this.ids.slice(0, this.shown));
    const all = this.tokenizer.decode(this.ids);
    // A broken byte spoils the decoding of whole bytes beside it, which are out already.
    return all.startsWith(before) ? all.slice(before.length) : this.tokenizer.decode(this.ids.slice(this.shown));
  }
}
