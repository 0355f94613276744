import { scoringSchema } from '../../../shared/benchmark.ts';
import { roundUp } from '../compressor/sequence-layout.ts';
import type { Sample, Samples } from '../data/dataset-reader.ts';
import { encodePrompt, promptMessages, singleTurn } from '../data/encode.ts';
import type { VisualGroup } from '../data/batch.ts';
import type { ChatTemplate } from '../data/chat-template.ts';
import { validate } from '../model/validate.ts';
import type { ScoredQuestion } from './scorers/scorer.ts';

/** One question as the model is asked it, its right answer and what its score needs. */
export interface Question extends ScoredQuestion {
  readonly id: string;
  /** Tokens behind the last visual one. */
  readonly suffix: Int32Array;
  /** Place among all questions that are asked, from 0. */
  readonly place: number;
  /** The question in words, prompt included. */
  readonly text: string;
}

/** Questions that begin with the same tokens, images included: the model reads those once. */
export interface QuestionGroup {
  /** Tokens up to the last visual one; none where a question has no image. */
  readonly prefix: Int32Array;
  readonly groups: readonly VisualGroup[];
  /** Absolute path per visual group. */
  readonly images: readonly string[];
  readonly questions: Question[];
}

/** Places for questions are taken in multiples of this, so that batches have few shapes. */
const SLOT_BUCKET = 4;

/** Places that a group of so many questions takes in a batch. Single questions and pairs stay as they are. */
export function questionSlots(questions: number): number {
  return questions <= 2 ? questions : roundUp(questions, SLOT_BUCKET);
}

/** Questions of one group that are asked at once; more become further groups. */
const LARGEST_GROUP = 16;

/** Every turn of every sample, asked alone with the images seen so far; `limit` takes the first ones. */
function* singleQuestions(samples: Samples, limit = Infinity): Generator<Sample> {
  let count = 0;
  for (let index = 0; index < samples.length; index++) {
    const sample = samples.get(index);
    for (let turn = 0; turn < sample.turns.length; turn++) {
      if (count++ >= limit) return;
      yield singleTurn(sample, turn);
    }
  }
}

/** What a benchmark's rule needs. A field `scoring` that names no benchmark is something else. @throws InputError */
function scoringOf({ id, scoring }: Sample): Pick<Question, 'scoring'> {
  if (typeof scoring !== 'object' || scoring === null || !('benchmark' in scoring)) return {};
  return { scoring: validate(scoringSchema, scoring, `record ${id}`, 'scoring') };
}

/**
 * Encodes questions and puts those together that show the same images in the same words.
 *
 * @param visualTokens tokens per image or frame
 */
export function groupQuestions(
  samples: Samples,
  template: ChatTemplate,
  visualTokens: number,
  limit?: number,
): QuestionGroup[] {
  const open = new Map<string, QuestionGroup>();
  const all: QuestionGroup[] = [];
  let place = 0;
  for (const sample of singleQuestions(samples, limit)) {
    const { tokenIds, groups } = encodePrompt(promptMessages(sample), { template, visualTokens });
    const last = groups.at(-1);
    const prefix = tokenIds.slice(0, last ? last.start + last.length : 0);
    const key = `${sample.images.join('\0')}\0${prefix.join()}`;
    let group = open.get(key);
    if (!group || group.questions.length === LARGEST_GROUP) {
      group = { prefix, groups, images: sample.images, questions: [] };
      open.set(key, group);
      all.push(group);
    }
    const { question = '', answer: expected = '' } = sample.turns.at(-1) ?? {};
    const asked = { id: sample.id, place: place++, text: question, suffix: tokenIds.slice(prefix.length) };
    group.questions.push({ ...asked, expected, ...scoringOf(sample) });
  }
  return all;
}

/** Groups that are answered at once: alike in size, so that little is padding. */
export function batchGroups(groups: readonly QuestionGroup[], batchSize: number): QuestionGroup[][] {
  const ordered = [...groups].sort(
    (a, b) => a.prefix.length - b.prefix.length || a.questions.length - b.questions.length,
  );
  const batches: QuestionGroup[][] = [];
  for (const group of ordered) {
    const batch = batches.at(-1);
    // The group with the most questions decides how many rows each one takes.
    const isFull = !batch || (batch.length + 1) * questionSlots(group.questions.length) > batchSize;
    const isAlike = batch?.[0]?.prefix.length === group.prefix.length;
    if (isFull || !isAlike) batches.push([group]);
    else batch.push(group);
  }
  return batches;
}
