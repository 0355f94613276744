/** Visual groups and text of one speaker's turn. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  /** Number of visual groups; only a user shows any, and they come before the text. */
  readonly visuals?: number;
  readonly text: string;
}

/**
 * A conversation as the tokenizer gets it. Text pieces that touch are one text; the others are single tokens, and only a
 * chat template makes those: the words of a message are letters, whatever they spell.
 */
export type Piece =
  | { readonly kind: 'text'; readonly text: string; readonly supervised: boolean }
  | { readonly kind: 'visual' }
  | { readonly kind: 'special'; readonly token: string; readonly supervised: boolean };

/** Pieces as one text: special tokens written out, every picture as one image token. */
export function writtenOut(pieces: readonly Piece[], imageToken: string): string {
  return pieces
    .map((piece) => (piece.kind === 'text' ? piece.text : piece.kind === 'special' ? piece.token : imageToken))
    .join('');
}
