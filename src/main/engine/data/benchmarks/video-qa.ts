import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { InputError } from '../../../../shared/errors.ts';
import { oneFile, optionalFile, recordsOf, type Placed } from './foreign.ts';
import type { BenchmarkQuestion, BenchmarkSource, Importer } from './importer.ts';
import { shortAnswer } from './prompts.ts';

const id = z.union([z.string().min(1), z.int()]);

/** The form of Video-ChatGPT and Video-LLaVA: questions and answers in two lists. */
const questionSchema = z.looseObject({ video_name: z.string().min(1), question: z.string().min(1), question_id: id });
const answerSchema = z.looseObject({ question_id: id, answer: z.string().min(1), type: id.optional() });
/** The form of the datasets' authors: one list, videos by number. */
const pairSchema = z.looseObject({ id, video_id: z.int(), question: z.string().min(1), answer: z.string().min(1) });

type VideoQuestion = { id: string | number; video: string; question: string; answer: string; type?: string | number };

function asQuestion({ record, ...at }: Placed<VideoQuestion>, media: BenchmarkSource['media']): BenchmarkQuestion {
  const { id, video, question, answer, type } = record;
  return {
    ...at,
    id: String(id),
    video: media.video(video, at),
    prompt: shortAnswer(question),
    answer,
    scoring: { id, question, media: video, ...(type !== undefined && { tags: { type: String(type) } }) },
  };
}

function* twoLists(questions: string, answers: string): Generator<Placed<VideoQuestion>> {
  const byId = new Map<string, z.infer<typeof answerSchema>>();
  for (const { record } of recordsOf(answers, answerSchema)) byId.set(String(record.question_id), record);
  for (const { record, file, field } of recordsOf(questions, questionSchema)) {
    const { question_id, question, video_name } = record;
    const found = byId.get(String(question_id));
    if (!found) {
      const rule = `has no answer in ${answers}`;
      throw new InputError({ file, field: `${field}.question_id`, value: question_id, rule });
    }
    const { answer, type } = found;
    const named = { id: question_id, video: video_name, question, answer };
    yield { record: { ...named, ...(type !== undefined && { type }) }, file, field };
  }
}

/** Video names of MSVD by number, from lines `NAME vidNUMBER`. */
function videoNames(file: string): Map<number, string> {
  const lines = readFileSync(file, 'utf8')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  return new Map(
    lines.map((line, i) => {
      const [, name, number] = /^(\S+)\s+vid(\d+)$/.exec(line.trim()) ?? [];
      if (name !== undefined && number !== undefined) return [Number(number), name];
      throw new InputError({ file, field: `line ${i + 1}`, value: line, rule: 'must be a video’s name and vidNUMBER' });
    }),
  );
}

function* oneList(file: string, names: ReadonlyMap<number, string> | undefined): Generator<Placed<VideoQuestion>> {
  for (const { record, ...at } of recordsOf(file, pairSchema)) {
    const { id, video_id, question, answer } = record;
    const video = names ? names.get(video_id) : `video${video_id}`;
    if (video === undefined) {
      throw new InputError({
        ...at,
        field: `${at.field}.video_id`,
        value: video_id,
        rule: 'has no name in the mapping',
      });
    }
    yield { record: { id, video, question, answer }, ...at };
  }
}

/**
 * MSVD-QA, MSRVTT-QA and ActivityNet-QA: `test_q.json` with `test_a.json`, or `test_qa.json` with, for MSVD, the file
 * `youtube_mapping.txt`. A video is a file of its name, or a folder of its frames.
 */
export const importVideoQa: Importer = function* ({ files, media }) {
  const questions = optionalFile(files, /_q\.json$/i, 'questions');
  const mapping = optionalFile(files, /mapping.*\.txt$/i, 'video names');
  const read =
    questions === undefined
      ? oneList(oneFile(files, /_qa\.json$/i, 'questions'), mapping === undefined ? undefined : videoNames(mapping))
      : twoLists(questions, oneFile(files, /_a\.json$/i, 'answers'));
  for (const placed of read) yield asQuestion(placed, media);
};
