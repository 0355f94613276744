import { IGNORED_LABEL, type VisualGroup } from './batch.ts';
import type { Piece } from './conversation-piece.ts';
import type { AddedToken } from './tokenizer-json.ts';
import type { TextPlace, Tokenizer } from './tokenizer.ts';

/** A conversation in tokens. `tokenIds` and `labels` are aligned. */
export interface TokenRow {
  readonly tokenIds: Int32Array;
  readonly labels: Int32Array;
  readonly groups: readonly VisualGroup[];
}

type TextPiece = Extract<Piece, { kind: 'text' }>;

/**
 * Turns pieces into tokens. The texts between two single tokens are encoded as one text, as tokenizers do, so a word's
 * token may depend on what stands before it. A token is supervised where its characters overlap a supervised piece.
 *
 *     <s> | ▁USER : ▁ | IMG IMG … | ▁ \n What ? ▁ASSISTANT : ▁A ▁cat | </s>
 *     -100  -100 …                                    … -100 ▁A ▁cat   </s>
 *
 * What the tokenizer puts in front of texts comes first, unless the template has written it; what it would put behind
 * them is left out: a conversation writes its own ends.
 *
 * @param visualTokens tokens per visual group; each holds the image token's id
 */
export function encodePieces(tokenizer: Tokenizer, pieces: readonly Piece[], visualTokens: number): TokenRow {
  const row = new RowBuilder(tokenizer);
  if (!opensItself(tokenizer, pieces)) for (const id of tokenizer.prefix) row.push(id, false);
  for (let i = 0; i < pieces.length;) {
    const piece = pieces[i] as Piece;
    if (piece.kind !== 'text') {
      if (piece.kind === 'visual') row.pushVisuals(visualTokens);
      else row.push(tokenOf(tokenizer, piece.token).id, piece.supervised);
      i++;
      continue;
    }
    const end = pieces.findIndex(({ kind }, j) => j > i && kind !== 'text');
    const texts = pieces.slice(i, end < 0 ? undefined : end) as TextPiece[];
    const [before, after] = [pieces[i - 1], pieces[i + texts.length]];
    const stripped = strip(texts, {
      start: before !== undefined && strips(tokenizer, before, 'rstrip'),
      end: after !== undefined && strips(tokenizer, after, 'lstrip'),
    });
    if (stripped.length > 0) row.pushTexts(stripped, i === 0 ? 'start' : 'after-special');
    i += texts.length;
  }
  return row.finish();
}

function tokenOf(tokenizer: Tokenizer, token: string): AddedToken {
  const added = tokenizer.specialTokens.get(token);
  if (!added) throw new RangeError(`${token} is no special token`);
  return added;
}

const nameOf = (tokenizer: Tokenizer, piece: Exclude<Piece, TextPiece>): string =>
  piece.kind === 'visual' ? (tokenizer.token(tokenizer.special.image) ?? '') : piece.token;

/** Whether the pieces begin with the token that the tokenizer would put there (transformers' processors do the same). */
function opensItself(tokenizer: Tokenizer, [first]: readonly Piece[]): boolean {
  return first?.kind === 'special' && tokenOf(tokenizer, first.token).id === tokenizer.prefix[0];
}

/** Whether a single token takes away the white space of the text beside it. */
function strips(tokenizer: Tokenizer, piece: Piece, side: 'lstrip' | 'rstrip'): boolean {
  return piece.kind !== 'text' && tokenOf(tokenizer, nameOf(tokenizer, piece))[side];
}

function strip(texts: readonly TextPiece[], { start, end }: { start: boolean; end: boolean }): TextPiece[] {
  const kept = [...texts];
  while (start && kept[0]) {
    const text = kept[0].text.trimStart();
    if (text !== '') {
      kept[0] = { ...kept[0], text };
      break;
    }
    kept.shift();
  }
  for (let last = kept.at(-1); end && last; last = kept.at(-1)) {
    const text = last.text.trimEnd();
    if (text !== '') {
      kept[kept.length - 1] = { ...last, text };
      break;
    }
    kept.pop();
  }
  return kept;
}

class RowBuilder {
  private readonly tokenizer: Tokenizer;
  private readonly ids: number[] = [];
  private readonly labels: number[] = [];
  private readonly groups: VisualGroup[] = [];

  constructor(tokenizer: Tokenizer) {
    this.tokenizer = tokenizer;
  }

  push(id: number, supervised: boolean): void {
    this.ids.push(id);
    this.labels.push(supervised ? id : IGNORED_LABEL);
  }

  pushVisuals(count: number): void {
    this.groups.push({ start: this.ids.length, length: count });
    for (let i = 0; i < count; i++) this.push(this.tokenizer.special.image, false);
  }

  pushTexts(texts: readonly TextPiece[], place: TextPlace): void {
    const ids = this.tokenizer.encode(texts.map(({ text }) => text).join(''), place);
    const supervised = texts.some((piece) => piece.supervised)
      ? this.overlaps(ids, texts, place)
      : ids.map(() => false);
    ids.forEach((id, i) => this.push(id, supervised[i] as boolean));
  }

  finish(): TokenRow {
    return { tokenIds: Int32Array.from(this.ids), labels: Int32Array.from(this.labels), groups: this.groups };
  }

  /**
   * Which tokens overlap a supervised text. The library gives no offsets, so bytes are counted: the texts up to a
   * boundary, encoded alone, may split otherwise but spell the same bytes.
   */
  private overlaps(ids: readonly number[], texts: readonly TextPiece[], place: TextPlace): boolean[] {
    const bytesOf = (tokens: readonly number[]): number =>
      tokens.reduce((sum, id) => sum + this.tokenizer.byteLength(id), 0);
    const bounds: number[] = [0];
    let before = '';
    for (const { text } of texts.slice(0, -1)) bounds.push(bytesOf(this.tokenizer.encode((before += text), place)));
    bounds.push(bytesOf(ids));
    const spans = texts.flatMap(({ supervised }, i) =>
      supervised ? [[bounds[i] as number, bounds[i + 1] as number] as const] : [],
    );
    let at = 0;
    return ids.map((id) => {
      const start = at;
      at += this.tokenizer.byteLength(id);
      return spans.some(([from, to]) => start < to && at > from);
    });
  }
}
