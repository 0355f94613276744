import { InputError } from '../../../shared/errors.ts';
import type { ChatTemplate } from './chat-template.ts';
import type { Message } from './conversation-piece.ts';

/** The most tokens that a template adds to the texts and visual tokens of a conversation. */
export interface Overhead {
  /** Once: what opens a row, a system prompt. */
  readonly opening: number;
  /** For each question with its answer. */
  readonly turn: number;
  /** For each image or frame. */
  readonly visual: number;
}

const question: Message = { role: 'user', text: 'x' };
const answer: Message = { role: 'assistant', text: 'x' };

/** Measures a template on small conversations, in bytes: no tokenizer of ours makes more tokens than bytes. */
export function overheadOf(template: ChatTemplate): Overhead {
  const one = mostTokens(template, [question, answer]);
  const two = mostTokens(template, [question, answer, question, answer]);
  const withSystem = mostTokens(template, [{ role: 'system', text: 'x' }, question, answer]);
  const withImage = mostTokens(template, [{ ...question, visuals: 1 }, answer]);
  return {
    opening: Math.max(one, withSystem) + template.tokenizer.prefix.length,
    turn: Math.max(one, two - one),
    visual: Math.max(0, withImage - one),
  };
}

/** A text may get a space in front of it, and more of them where single tokens cut it. */
function mostTokens(template: ChatTemplate, messages: readonly Message[]): number {
  try {
    return template
      .conversation(messages)
      .reduce((sum, piece) => sum + (piece.kind === 'text' ? Buffer.byteLength(piece.text) : 0) + 1, 0);
  } catch (error) {
    // A template may refuse conversations of this kind; then there are none to bound.
    if (error instanceof InputError) return 0;
    throw error;
  }
}
