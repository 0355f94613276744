import { z } from 'zod';
import { oneFile, recordsOf } from './foreign.ts';
import { countAnswers, mostCommon, type Importer } from './importer.ts';
import { answerIfPossible } from './prompts.ts';

const recordSchema = z.looseObject({
  image: z.string().min(1),
  question: z.string().min(1),
  /** The test split keeps these. */
  answers: z
    .array(z.looseObject({ answer: z.string() }))
    .min(1)
    .optional(),
  answer_type: z.string().optional(),
  answerable: z.union([z.literal(0), z.literal(1)]).optional(),
});

/** VizWiz-VQA: `val.json` or `test.json`. A question has no id of its own but its picture's name. */
export const importVizwiz: Importer = function* ({ files, media }) {
  for (const { record, ...at } of recordsOf(oneFile(files, /\.json$/i, 'questions'), recordSchema)) {
    const { image, question, answers, answer_type, answerable } = record;
    const given = answers?.map(({ answer }) => answer);
    const tags = {
      ...(answer_type !== undefined && { answer: answer_type }),
      ...(answerable !== undefined && { answerable: answerable === 1 ? 'answerable' : 'unanswerable' }),
    };
    yield {
      ...at,
      id: image,
      image: media.image([image, `val/${image}`, `test/${image}`], at),
      prompt: answerIfPossible(question),
      answer: given && mostCommon(given),
      scoring: { id: image, question, media: image, tags, ...(given && { answers: countAnswers(given) }) },
    };
  }
};
