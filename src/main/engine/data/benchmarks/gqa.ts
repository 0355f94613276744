import { z } from 'zod';
import { entriesOf, oneFile } from './foreign.ts';
import type { Importer } from './importer.ts';
import { shortAnswer } from './prompts.ts';

const recordSchema = z.looseObject({
  question: z.string().min(1),
  imageId: z.string().min(1),
  /** The test splits keep it. */
  answer: z.string().min(1).optional(),
  types: z.looseObject({ structural: z.string().optional(), semantic: z.string().optional() }).optional(),
});

/** GQA's questions by id, e.g. `testdev_balanced_questions.json`; pictures `IMAGEID.jpg`. */
export const importGqa: Importer = function* ({ files, media }) {
  const questions = oneFile(files, /\.json$/i, 'questions');
  for (const { key, record, ...at } of entriesOf(questions, recordSchema)) {
    const { question, imageId, answer, types } = record;
    const tags = {
      ...(types?.structural !== undefined && { structural: types.structural }),
      ...(types?.semantic !== undefined && { semantic: types.semantic }),
    };
    yield {
      ...at,
      id: key,
      image: media.image([`${imageId}.jpg`, `images/${imageId}.jpg`], at),
      prompt: shortAnswer(question),
      answer,
      scoring: { id: key, question, tags, media: imageId },
    };
  }
};
