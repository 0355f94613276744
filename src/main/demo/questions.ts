/** The questions of a conversation file, as the demo needs them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConversation } from '../../shared/dataset.ts';

/** A question about one picture, asked alone. */
export interface PictureQuestion {
  /** Path of the picture. */
  readonly image: string;
  readonly question: string;
  readonly answer: string;
}

/** All questions about single pictures in a JSONL file of LLaVA conversations, in order, one list for each picture. */
export function readPictureQuestions(file: string, images: string): PictureQuestion[][] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  const conversations = lines.map((line) => readConversation(JSON.parse(line)));
  return conversations.flatMap(({ media: [image, ...more], turns }) => {
    if (image === undefined || more.length > 0) return [];
    return [turns.map(({ question, answer }) => ({ image: join(images, image), question, answer }))];
  });
}

function countAnswers(pictures: readonly (readonly PictureQuestion[])[]): Map<string, Map<string, number>> {
  const counts = new Map<string, Map<string, number>>();
  for (const { question, answer } of pictures.flat()) {
    const answers = counts.get(question) ?? new Map<string, number>();
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
    counts.set(question, answers);
  }
  return counts;
}

/**
 * How often the answer that a question mostly has in the training data is right: what can be had without looking at the
 * picture. Questions that were never seen count as wrong.
 *
 * @param limit the first so many test questions only
 */
export function guessingAccuracy(
  train: readonly (readonly PictureQuestion[])[],
  test: readonly (readonly PictureQuestion[])[],
  limit = Infinity,
): number {
  const usual = new Map(
    [...countAnswers(train)].map(([question, answers]) => {
      const [first] = [...answers].sort(([, a], [, b]) => b - a);
      return [question, first?.[0]];
    }),
  );
  const asked = test.flat().slice(0, limit);
  return asked.filter(({ question, answer }) => usual.get(question) === answer).length / asked.length;
}

/** Questions about different pictures from all over the data, with different answers as far as there are any. */
export function pickQuestions(pictures: readonly (readonly PictureQuestion[])[], count: number): PictureQuestion[] {
  const picked: PictureQuestion[] = [];
  const distance = Math.max(1, Math.floor(pictures.length / count));
  for (let i = 0; i < pictures.length && picked.length < count; i += distance) {
    const about = pictures[i] ?? [];
    const fresh = about.find(({ answer }) => picked.every((other) => other.answer !== answer));
    const chosen = fresh ?? about[0];
    if (chosen) picked.push(chosen);
  }
  return picked;
}
