import { z } from 'zod';
import { listOf, oneFile } from './foreign.ts';
import { countAnswers, mostCommon, type Importer } from './importer.ts';
import { shortAnswer } from './prompts.ts';

const recordSchema = z.looseObject({
  question_id: z.int(),
  image_id: z.string().min(1),
  question: z.string().min(1),
  /** The test split keeps these. */
  answers: z.array(z.string()).min(1).optional(),
});

/** TextVQA 0.5.1: `TextVQA_0.5.1_val.json`; the OCR tokens that LLaVA-1.5 may be given are left out. */
export const importTextvqa: Importer = function* ({ files, media }) {
  for (const { record, ...at } of listOf(oneFile(files, /\.json$/i, 'questions'), 'data', recordSchema)) {
    const { question_id, image_id, question, answers } = record;
    yield {
      ...at,
      id: String(question_id),
      image: media.image([`${image_id}.jpg`, `train_images/${image_id}.jpg`, `test_images/${image_id}.jpg`], at),
      prompt: shortAnswer(question),
      answer: answers && mostCommon(answers),
      scoring: { id: question_id, question, media: image_id, ...(answers && { answers: countAnswers(answers) }) },
    };
  }
};
