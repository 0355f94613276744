import { basename } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../../../shared/errors.ts';
import { recordsOf } from './foreign.ts';
import type { Importer } from './importer.ts';
import { shortAnswer } from './prompts.ts';

const recordSchema = z.looseObject({
  question_id: z.int(),
  image: z.string().min(1),
  text: z.string().min(1),
  label: z.enum(['yes', 'no']),
});

const SETTINGS = ['random', 'popular', 'adversarial'] as const;

/** POPE: `coco_pope_random.json`, `coco_pope_popular.json` and `coco_pope_adversarial.json`, as many as are given. */
export const importPope: Importer = function* ({ files, media }) {
  const given = SETTINGS.flatMap((setting) =>
    files.filter((file) => basename(file).includes(`_pope_${setting}.json`)).map((file) => ({ setting, file })),
  );
  if (given.length === 0) {
    throw new InputError({ field: '--from', rule: `holds no file …_pope_SETTING.json of ${SETTINGS.join(', ')}` });
  }
  for (const { setting, file } of given) {
    for (const { record, ...at } of recordsOf(file, recordSchema)) {
      const { question_id, image, text, label } = record;
      yield {
        ...at,
        id: `${setting}-${question_id}`,
        image: media.image([image, `val2014/${image}`], at),
        prompt: shortAnswer(text),
        answer: label,
        scoring: { id: question_id, question: text, media: image, tags: { setting } },
      };
    }
  }
};
