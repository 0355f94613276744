import type { Turn } from '../../../shared/dataset.ts';
import { InputError } from '../../../shared/errors.ts';
import { IGNORED_LABEL, type EncodedRow } from './batch.ts';
import type { ChatTemplate } from './chat-template.ts';
import type { Message } from './conversation-piece.ts';
import { encodePieces, type TokenRow } from './conversation.ts';
import type { Sample } from './dataset-reader.ts';

export interface EncodeOptions {
  /** How conversations are written out, and the tokenizer. */
  readonly template: ChatTemplate;
  /** Tokens per image or frame. */
  readonly visualTokens: number;
  /** Longest row, in tokens, visual ones included. */
  readonly maxLength: number;
  /** How conversations become rows. */
  readonly turns: TurnsPerRow;
}

/**
 * multi: a conversation is one row. single: every question with its answer is one. A number: at most so many turns are.
 * Each row of a conversation has the pictures seen so far.
 */
export type TurnsPerRow = 'multi' | 'single' | number;

/** The most turns of one row. */
function mostTurns(turns: TurnsPerRow): number {
  if (turns === 'multi') return Infinity;
  return turns === 'single' ? 1 : turns;
}

/** Rows that a conversation of `turnCount` turns becomes. */
export function rowsOfConversation(turnCount: number, turns: TurnsPerRow): number {
  return Math.ceil(turnCount / Math.min(mostTurns(turns), turnCount));
}

/** A row with what belongs to it on the host. */
export interface EncodedSample {
  readonly row: EncodedRow;
  /** Absolute path per visual group of the row. */
  readonly images: readonly string[];
  /** Last turns that were left out because the row would have been longer than `maxLength`. */
  readonly droppedTurns: number;
}

/** The messages of a sample. */
export function sampleMessages({ turns, system }: Sample): Message[] {
  return turnMessages(turns, system);
}

function turnMessages(turns: readonly Turn[], system: string | undefined): Message[] {
  const opening: Message[] = system === undefined ? [] : [{ role: 'system', text: system }];
  return turns.reduce((messages, { question, media, answer }) => {
    messages.push({ role: 'user', visuals: media, text: question }, { role: 'assistant', text: answer });
    return messages;
  }, opening);
}

const countMedia = (turns: readonly Turn[]): number => turns.reduce((sum, { media }) => sum + media, 0);

/** One sample per row: some turns in a row, with the pictures up to them. Ids of parts add `#0`, `#1` … */
export function conversationParts(sample: Sample, turns: TurnsPerRow): Sample[] {
  const count = rowsOfConversation(sample.turns.length, turns);
  return Array.from({ length: count }, (_, part) => conversationPart(sample, part, turns));
}

/** Row `part` of a sample as a sample of its own; see `conversationParts`. */
export function conversationPart(sample: Sample, part: number, turns: TurnsPerRow): Sample {
  if (turns === 'multi') return sample;
  const size = mostTurns(turns);
  const [first, ...others] = sample.turns.slice(part * size, (part + 1) * size);
  if (!first) throw new RangeError(`sample ${sample.id} has no part ${part}`);
  const media = countMedia(sample.turns.slice(0, part * size + 1));
  const kept = [{ ...first, media }, ...others];
  return { ...sample, id: `${sample.id}#${part}`, turns: kept, images: sample.images.slice(0, countMedia(kept)) };
}

/** The question `index` of a sample as a sample of its own. */
export function singleTurn(sample: Sample, index: number): Sample {
  return conversationPart(sample, index, 'single');
}

/**
 * Encodes a sample's conversation as one row. What is too long loses whole turns from the end, so no image and no answer
 * is ever cut. @throws InputError where not even the first turn fits.
 */
export function encodeSample(sample: Sample, options: EncodeOptions): EncodedSample {
  const { template, visualTokens, maxLength } = options;
  const encode = (turns: readonly Turn[]): TokenRow =>
    encodePieces(template.tokenizer, template.conversation(turnMessages(turns, sample.system)), visualTokens);
  for (let kept = sample.turns.length; kept > 0; kept--) {
    const turns = sample.turns.slice(0, kept);
    const tokens = encode(turns);
    if (tokens.tokenIds.length <= maxLength) {
      const images = sample.images.slice(0, countMedia(turns));
      return { row: { id: sample.id, ...tokens }, images, droppedTurns: sample.turns.length - kept };
    }
    if (kept === 1) throw tooLong(sample, tokens, maxLength);
  }
  throw new RangeError(`sample ${sample.id} has no turns`);
}

function tooLong(sample: Sample, { tokenIds, groups }: TokenRow, maxLength: number): InputError {
  const visual = groups.reduce((sum, { length }) => sum + length, 0);
  const rule = `the first turn takes ${tokenIds.length} tokens (${visual} of them visual), more than maxLength ${maxLength}`;
  return new InputError({ field: `sample ${sample.id}`, rule, hint: 'Raise maxLength or remove the sample' });
}

/**
 * How many tokens of a sample's row stand before the user's first word or picture: what the template opens with, and the
 * system prompt. A token that reaches into the user's words is theirs.
 */
export function openingTokens(
  sample: Sample,
  { template, visualTokens }: Pick<EncodeOptions, 'template' | 'visualTokens'>,
): number {
  const messages = sampleMessages(sample);
  const opening = template.openingPieces(messages);
  const marked = template
    .conversation(messages)
    .map((piece, i) => (piece.kind === 'visual' ? piece : { ...piece, supervised: i >= opening }));
  const { labels, groups } = encodePieces(template.tokenizer, marked, visualTokens);
  const firstWord = labels.findIndex((label) => label !== IGNORED_LABEL);
  return Math.min(firstWord < 0 ? labels.length : firstWord, groups[0]?.start ?? labels.length);
}

/** The tokens that a model continues with its answer. */
export function encodePrompt(
  messages: readonly Message[],
  { template, visualTokens }: Pick<EncodeOptions, 'template' | 'visualTokens'>,
): Omit<TokenRow, 'labels'> {
  const { tokenIds, groups } = encodePieces(template.tokenizer, template.prompt(messages), visualTokens);
  return { tokenIds, groups };
}

/** The messages of a sample up to its last question, for `encodePrompt`. */
export function promptMessages(sample: Sample): Message[] {
  return sampleMessages(sample).slice(0, -1);
}
