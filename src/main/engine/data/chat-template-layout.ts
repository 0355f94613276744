import type { InputError } from '../../../shared/errors.ts';
import type { Message, Piece } from './conversation-piece.ts';

/** A place for the words of a message. */
interface Words {
  readonly kind: 'words';
  /** Index of the message. */
  readonly message: number;
  /** White space that the template drops. */
  readonly trimStart: boolean;
  readonly trimEnd: boolean;
  readonly supervised: boolean;
}

export type LayoutPiece = Piece | Words;

/** A conversation with places in it for the texts of its messages. */
export interface Layout {
  readonly pieces: readonly LayoutPiece[];
  /** The special token that ends every answer and is supervised with it; undefined where one has none. */
  readonly endToken: string | undefined;
}

/** Renders the first `count` messages. */
export type Renderer = (count: number, addGenerationPrompt: boolean) => string;

/** What laying out needs of a template. */
export interface LayoutTools {
  rendererOf(messages: readonly Message[]): Renderer;
  readonly imageToken: string;
  /** Texts of all special tokens, the image token among them. */
  readonly specialTokens: readonly string[];
  /** Whether only answers must be written. */
  readonly answersOnly: boolean;
  error(rule: string, problem?: { readonly value?: unknown; readonly hint?: string }): InputError;
}

// Noncharacters mark where a text stands. The letters show whether a template changes texts, the em spaces whether it
// drops white space around them; no template writes such spaces of its own.
const [OPEN, CLOSE, SPACE] = ['\ufdd2', '\ufdd3', '\u2003'];
const MARK = new RegExp(`(${SPACE}?)${OPEN}aZ(\\d+)${CLOSE}(${SPACE}?)`, 'g');
const mark = (index: number): string => `${SPACE}${OPEN}aZ${index}${CLOSE}${SPACE}`;

interface Place {
  readonly message: number;
  readonly start: number;
  readonly end: number;
  readonly trimStart: boolean;
  readonly trimEnd: boolean;
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly endToken: string | undefined;
}

/**
 * Renders a template with marks for the texts and finds out what each part of the result is.
 *
 * An answer is supervised from where the prompt for it ends, up to the special token behind it:
 *
 *     USER: <image>\nWhat? ASSISTANT:| A cat</s>|USER: …        <|im_start|>assistant\n|A cat<|im_end|>|\n
 *
 * @throws InputError where a text is missing, twice or out of order; where an image token is missing or too many; where
 *   an answer stands behind other words than those the model would be asked with
 */
export function layOut(messages: readonly Message[], asPrompt: boolean, tools: LayoutTools): Layout {
  const marked = messages.map((message, i) => (isWritten(message) ? { ...message, text: mark(i) } : message));
  const render = tools.rendererOf(marked);
  const text = render(messages.length, asPrompt);
  const places = findPlaces(text);
  checkPlaces(places, messages, tools);
  const spans = asPrompt ? [] : places.flatMap((place) => answerSpan(place, messages, text, render, tools));
  const pieces = cut(text, places, spans, tools);
  checkImages(pieces, messages, tools);
  const [first] = spans;
  const isCommon = spans.every(({ endToken }) => endToken === first?.endToken);
  return { pieces, endToken: isCommon ? first?.endToken : undefined };
}

const isWritten = ({ visuals = 0, text }: Message): boolean => text !== '' || visuals === 0;

function findPlaces(text: string): Place[] {
  return [...text.matchAll(MARK)].map((match) => ({
    message: Number(match[2]),
    start: match.index,
    end: match.index + match[0].length,
    trimStart: match[1] === '',
    trimEnd: match[3] === '',
  }));
}

function checkPlaces(places: readonly Place[], messages: readonly Message[], tools: LayoutTools): void {
  const found = places.map(({ message }) => message);
  const expected = messages.flatMap((message, i) => {
    if (!isWritten(message)) return [];
    return tools.answersOnly && message.role !== 'assistant' ? [] : [i];
  });
  const missing = expected.find((index) => !found.includes(index));
  if (missing !== undefined) {
    const rule = `does not write the text of message ${missing + 1} (${messages[missing]?.role}) as it is`;
    throw tools.error(rule);
  }
  if (found.some((message, i) => i > 0 && message <= (found[i - 1] as number)))
    throw tools.error('does not write the messages once each and in their order', { value: found.map((i) => i + 1) });
}

function checkImages(pieces: readonly LayoutPiece[], messages: readonly Message[], tools: LayoutTools): void {
  const written = pieces.filter(({ kind }) => kind === 'visual').length;
  const shown = messages.reduce((sum, { visuals = 0 }) => sum + visuals, 0);
  if (written !== shown) throw tools.error(`writes ${written} ${tools.imageToken} tokens for ${shown} images`);
}

/** Where an answer is supervised; nothing for other messages. */
function answerSpan(
  place: Place,
  messages: readonly Message[],
  text: string,
  render: Renderer,
  tools: LayoutTools,
): Span[] {
  if (messages[place.message]?.role !== 'assistant') return [];
  const start = answerStart(place, text, render(place.message, true), tools);
  const own = render(place.message + 1, false);
  const behind = own.slice(findPlaces(own).at(-1)?.end ?? own.length);
  const common = commonPrefix(text.slice(place.end), behind);
  const special = specialPattern(tools.specialTokens.filter((token) => token !== tools.imageToken)).exec(common);
  const end = place.end + (special ? special.index + special[0].length : common.length);
  return [{ start, end, endToken: special?.[0] }];
}

/**
 * An answer begins where its prompt ends. Some templates write the assistant's name otherwise in a prompt than in a
 * conversation (LLaVA-OneVision's); then it begins with its first word. What stands before the name must be the same.
 */
function answerStart(place: Place, text: string, prompt: string, tools: LayoutTools): number {
  if (text.startsWith(prompt) && prompt.length <= place.start) return prompt.length;
  const asked = Math.max(findPlaces(prompt).at(-1)?.end ?? 0, lastEnd(prompt, tools.imageToken));
  if (asked > 0 && asked <= place.start && text.startsWith(prompt.slice(0, asked))) return place.start;
  throw tools.error(
    `is not prefix-stable: what stands before the answer in message ${place.message + 1} is not what the model is asked with`,
    { hint: 'Set data.turns to single, or choose another conversation with data.conversation' },
  );
}

function lastEnd(text: string, token: string): number {
  const at = text.lastIndexOf(token);
  return at < 0 ? 0 : at + token.length;
}

function commonPrefix(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return a.slice(0, length);
}

/** Any of the tokens, the longest first; matches nothing where there are none. */
function specialPattern(tokens: readonly string[]): RegExp {
  const longestFirst = [...tokens].sort((a, b) => b.length - a.length);
  return new RegExp(
    longestFirst.map((token) => token.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|') || '(?!)',
    'g',
  );
}

/** Cuts a rendered text at its marks, special tokens and the bounds of what is supervised. */
function cut(text: string, places: readonly Place[], spans: readonly Span[], tools: LayoutTools): LayoutPiece[] {
  const isSupervised = (start: number): boolean => spans.some((span) => start >= span.start && start < span.end);
  const literals = (from: number, to: number): LayoutPiece[] => {
    const bounds = spans.flatMap(({ start, end }) => [start, end]).filter((at) => at > from && at < to);
    const cuts = [from, ...bounds.sort((a, b) => a - b), to];
    return cuts.slice(0, -1).flatMap((start, i): LayoutPiece[] => {
      const part = text.slice(start, cuts[i + 1]);
      return part === '' ? [] : [{ kind: 'text', text: part, supervised: isSupervised(start) }];
    });
  };
  const words = places.map((place) => {
    const { message, start, end, trimStart, trimEnd } = place;
    const piece: Words = { kind: 'words', message, trimStart, trimEnd, supervised: isSupervised(start) };
    return { start, end, piece };
  });
  const tokens = [...text.matchAll(specialPattern(tools.specialTokens))].map((match) => ({
    ...{ start: match.index, end: match.index + match[0].length },
    piece: tokenPiece(match[0], isSupervised(match.index), tools),
  }));
  const pieces: LayoutPiece[] = [];
  let at = 0;
  for (const { start, end, piece } of [...words, ...tokens].sort((a, b) => a.start - b.start)) {
    pieces.push(...literals(at, start), piece);
    at = end;
  }
  return [...pieces, ...literals(at, text.length)];
}

const tokenPiece = (token: string, supervised: boolean, { imageToken }: LayoutTools): Piece =>
  token === imageToken ? { kind: 'visual' } : { kind: 'special', token, supervised };
