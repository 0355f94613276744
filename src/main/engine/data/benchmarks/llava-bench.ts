import { z } from 'zod';
import { oneFile, recordsOf } from './foreign.ts';
import type { Importer } from './importer.ts';

const recordSchema = z.looseObject({
  question_id: z.int(),
  image: z.string().min(1),
  text: z.string().min(1),
  category: z.string(),
});

/** LLaVA-Bench (In-the-Wild): `questions.jsonl`. It has no right answers; the judge compares with answers of its own. */
export const importLlavaBench: Importer = function* ({ files, media }) {
  for (const { record, ...at } of recordsOf(oneFile(files, /questions.*\.jsonl$/i, 'questions'), recordSchema)) {
    const { question_id, image, text, category } = record;
    yield {
      ...at,
      id: String(question_id),
      image: media.image([image, `images/${image}`], at),
      prompt: text,
      answer: undefined,
      scoring: { id: question_id, question: text, media: image, tags: { category } },
    };
  }
};
