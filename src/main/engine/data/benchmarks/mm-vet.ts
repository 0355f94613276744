import { z } from 'zod';
import { entriesOf, oneFile } from './foreign.ts';
import type { Importer } from './importer.ts';

const recordSchema = z.looseObject({
  imagename: z.string().min(1),
  question: z.string().min(1),
  answer: z.string().min(1),
  capability: z.array(z.string()).default([]),
});

/** MM-Vet: `mm-vet.json`. Answers are free text, so the question stands without a prompt. */
export const importMmVet: Importer = function* ({ files, media }) {
  for (const { key, record, ...at } of entriesOf(oneFile(files, /\.json$/i, 'questions'), recordSchema)) {
    const { imagename, question, answer, capability } = record;
    yield {
      ...at,
      id: key,
      image: media.image([imagename, `images/${imagename}`], at),
      prompt: question,
      answer,
      scoring: { id: key, question, media: imagename, tags: { capability: [...capability].sort().join(', ') } },
    };
  }
};
