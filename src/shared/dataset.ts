import { z } from 'zod';
import { fieldPath, ruleOf } from './validation.ts';

/** Stands for one image, frame folder included, in the text of a human turn. */
export const IMAGE_PLACEHOLDER = '<image>';
/** May stand for the one video of a record instead. */
export const VIDEO_PLACEHOLDER = '<video>';

const nonEmpty = z.string().min(1);

/**
 * One record of a LLaVA conversation file. Media paths are relative to the images folder. Other keys, which many
 * published files carry, are left aside.
 */
const llavaRecordSchema = z.object({
  id: z.union([nonEmpty, z.int()], 'must be a text or an integer'),
  image: nonEmpty.optional(),
  images: z.array(nonEmpty).optional(),
  /** A folder of frame images. */
  video: nonEmpty.optional(),
  /** How a benchmark scores the answer (`benchmark.ts`); read where answers are scored. */
  scoring: z.unknown().optional(),
  conversations: z.array(z.object({ from: z.enum(['system', 'human', 'gpt']), value: z.string() })).min(2),
});
type LlavaRecord = z.infer<typeof llavaRecordSchema>;

/** A record that cannot be trained on, and why. */
export const brokenSampleSchema = z.strictObject({
  /** Position among the records of the file, from 0. */
  index: z.int().min(0),
  /** The record's id, where it could be read. */
  id: z.string().optional(),
  /** Line of the file on which the record starts, from 1. */
  line: z.int().min(1),
  /** What is wrong, naming the field and the rule. */
  reason: z.string(),
});
export type BrokenSample = z.infer<typeof brokenSampleSchema>;

/** What kind of visual input a sample has. The order is the code the sampler uses. */
export const MODALITIES = ['text', 'image', 'video'] as const;
export type Modality = (typeof MODALITIES)[number];

/** A question with its answer. */
export interface Turn {
  /** Text of the question, placeholders taken out. */
  readonly question: string;
  /** Number of media (images, or the one video) the question shows; they come before its text. */
  readonly media: number;
  readonly answer: string;
}

/** A record whose conversation is sound. */
export interface Conversation {
  readonly id: string;
  readonly modality: Modality;
  readonly system: string | undefined;
  readonly turns: readonly Turn[];
  /** Paths as the record gives them, in the order of the placeholders. */
  readonly media: readonly string[];
  /** Its field `scoring` as it stands; absent where it has none. */
  readonly scoring?: unknown;
}

/** Why a record is broken: thrown by the functions here, and turned into a `BrokenSample` by the reader. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
}

function readRecord(json: unknown): LlavaRecord {
  const result = llavaRecordSchema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0] as z.core.$ZodIssue;
  const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], json);
  throw new RecordError([fieldPath(issue.path), ruleOf(issue, value)].filter(Boolean).join(': '));
}

/** The id of anything that looks like a record, for naming it in a message. */
export function recordId(json: unknown): string | undefined {
  const id = (json as { id?: unknown } | null | undefined)?.id;
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}

// With the u flag, a surrogate that is half of a pair does not match.
const LONE_SURROGATE = /\p{Surrogate}/u;

function checkText(text: string, field: string): void {
  if (LONE_SURROGATE.test(text))
    throw new RecordError(`${field}: holds half of a surrogate pair, which is no character`);
}

/** In Python such a text becomes an image token like any other, for which there is no image. */
function checkNoPlaceholder(text: string, field: string): void {
  if (!text.includes(IMAGE_PLACEHOLDER)) return;
  throw new RecordError(`${field}: holds ${IMAGE_PLACEHOLDER}, which only human turns may, once for each image`);
}

function mediaOf(record: LlavaRecord): { modality: Modality; media: readonly string[] } {
  const given = (['image', 'images', 'video'] as const).filter((key) => record[key] !== undefined);
  if (given.length > 1)
    throw new RecordError(`${given.join(' and ')}: only one of image, images and video may be given`);
  if (record.video !== undefined) return { modality: 'video', media: [record.video] };
  const media = record.images ?? (record.image === undefined ? [] : [record.image]);
  return { modality: media.length > 0 ? 'image' : 'text', media };
}

/** Cuts the placeholders out of a question. Text around them is joined by a line break, as LLaVA writes it. */
function readQuestion(value: string, modality: Modality): { question: string; media: number } {
  const pattern = modality === 'video' ? /\s*<(?:image|video)>\s*/ : /\s*<image>\s*/;
  const pieces = value.split(pattern);
  return { question: pieces.filter(Boolean).join('\n').trim(), media: pieces.length - 1 };
}

function checkOrder(conversations: LlavaRecord['conversations']): void {
  const start = conversations[0]?.from === 'system' ? 1 : 0;
  conversations.slice(start).forEach(({ from }, i) => {
    const expected = i % 2 === 0 ? 'human' : 'gpt';
    if (from === expected) return;
    throw new RecordError(
      `conversations[${start + i}].from: must be ${expected}, as human and gpt take turns (found ${from})`,
    );
  });
  if ((conversations.length - start) % 2 === 1)
    throw new RecordError('conversations: the last turn must be an answer (gpt)');
  if (conversations.length === start) throw new RecordError('conversations: must hold a question and an answer');
}

function readTurn(record: LlavaRecord, at: number, modality: Modality): Turn {
  const question = readQuestion(record.conversations[at]?.value ?? '', modality);
  const answer = record.conversations[at + 1]?.value.trim() ?? '';
  if (answer === '') throw new RecordError(`conversations[${at + 1}].value: the answer is empty`);
  if (question.question === '' && question.media === 0)
    throw new RecordError(`conversations[${at}].value: the question is empty`);
  return { ...question, answer };
}

/**
 * Checks one record of a LLaVA file and splits its conversation into turns. White space around questions and answers
 * is dropped, as LLaVA does. Only human turns may have placeholders, one for each image.
 * @throws RecordError with the field and the rule that is broken.
 */
export function readConversation(json: unknown): Conversation {
  const record = readRecord(json);
  const { modality, media } = mediaOf(record);
  record.conversations.forEach(({ value, from }, i) => {
    checkText(value, `conversations[${i}].value`);
    if (from !== 'human') checkNoPlaceholder(value, `conversations[${i}].value`);
  });
  media.forEach((path) => checkText(path, 'image'));
  checkText(String(record.id), 'id');
  checkOrder(record.conversations);
  const hasSystem = record.conversations[0]?.from === 'system';
  const turns: Turn[] = [];
  for (let at = hasSystem ? 1 : 0; at < record.conversations.length; at += 2)
    turns.push(readTurn(record, at, modality));
  const placeholders = turns.reduce((sum, turn) => sum + turn.media, 0);
  if (placeholders !== media.length) {
    const noun = modality === 'video' ? 'video' : 'images';
    throw new RecordError(
      `conversations: ${placeholders} ${IMAGE_PLACEHOLDER} placeholders for ${media.length} ${noun}`,
    );
  }
  const system = hasSystem ? record.conversations[0]?.value.trim() : undefined;
  const { scoring } = record;
  return { id: String(record.id), modality, system, turns, media, ...(scoring !== undefined && { scoring }) };
}

/**
 * Why a media path may not be opened, or undefined where it may: only relative paths inside the images folder are.
 * Links are the reader's to check.
 */
export function mediaPathProblem(path: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]+:/i.test(path)) return 'is a URL; download the file into the images folder';
  if (/^[/\\]|^[a-z]:/i.test(path)) return 'is an absolute path; give it relative to the images folder';
  if (path.split(/[/\\]/).includes('..')) return 'leaves the images folder (..)';
  if (path.includes('\0')) return 'holds a NUL character';
  return undefined;
}

const FRAME_FILE = /\.(?:jpe?g|png|webp|gif|tiff?)$/i;
const byNumber = new Intl.Collator('en', { numeric: true });

/** The frames among the names in a video's folder, in order: numbers inside names count as numbers, so frame-10 follows frame-9. */
export function frameNames(names: readonly string[]): string[] {
  return names.filter((name) => FRAME_FILE.test(name)).sort((a, b) => byNumber.compare(a, b) || (a < b ? -1 : 1));
}
