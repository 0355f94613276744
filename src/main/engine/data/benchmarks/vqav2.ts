import { z } from 'zod';
import { InputError } from '../../../../shared/errors.ts';
import { listOf, oneFile, optionalFile, singleValues, type Placed } from './foreign.ts';
import { countAnswers, type BenchmarkQuestion, type BenchmarkSource, type Importer } from './importer.ts';
import { shortAnswer } from './prompts.ts';

const questionSchema = z.looseObject({ question_id: z.int(), image_id: z.int(), question: z.string().min(1) });
type VqaQuestion = z.infer<typeof questionSchema>;

const annotationSchema = z.looseObject({
  question_id: z.int(),
  multiple_choice_answer: z.string().min(1),
  answer_type: z.string(),
  answers: z.array(z.looseObject({ answer: z.string() })).min(1),
});
type VqaAnnotation = z.infer<typeof annotationSchema>;

/** The pictures' split: `val2014`, or `test2015` for both test splits. */
function pictureSplit(questions: string): string {
  const subtype = singleValues(questions).get('data_subtype');
  if (typeof subtype === 'string' && subtype !== '') return subtype.replace('test-dev', 'test');
  throw new InputError({ file: questions, field: 'data_subtype', value: subtype, rule: 'must name the split' });
}

function annotationsOf(file: string): Map<number, VqaAnnotation> {
  const found = new Map<number, VqaAnnotation>();
  for (const { record } of listOf(file, 'annotations', annotationSchema)) {
    const { question_id, multiple_choice_answer, answer_type, answers } = record;
    // Only what is needed stays: a split has millions of answers.
    const kept = answers.map(({ answer }) => ({ answer }));
    found.set(question_id, { question_id, multiple_choice_answer, answer_type, answers: kept });
  }
  return found;
}

function asQuestion(
  { record, ...at }: Placed<VqaQuestion>,
  annotation: VqaAnnotation | undefined,
  { media, split }: { media: BenchmarkSource['media']; split: string },
): BenchmarkQuestion {
  const { question, question_id, image_id } = record;
  const name = `COCO_${split}_${String(image_id).padStart(12, '0')}.jpg`;
  return {
    ...at,
    id: String(question_id),
    image: media.image([name, `${split}/${name}`], at),
    prompt: shortAnswer(question),
    answer: annotation?.multiple_choice_answer,
    scoring: {
      id: question_id,
      question,
      media: name,
      ...(annotation && {
        answers: countAnswers(annotation.answers.map(({ answer }) => answer)),
        tags: { answer: annotation.answer_type },
      }),
    },
  };
}

/** VQAv2: `v2_OpenEnded_…_questions.json` and, where they are published, `v2_…_annotations.json`. */
export const importVqav2: Importer = function* ({ files, media }) {
  const questions = oneFile(files, /questions.*\.json$/i, 'questions');
  const annotationFile = optionalFile(files, /annotations.*\.json$/i, 'annotations');
  const annotations = annotationFile === undefined ? undefined : annotationsOf(annotationFile);
  const split = pictureSplit(questions);
  for (const placed of listOf(questions, 'questions', questionSchema)) {
    const annotation = annotations?.get(placed.record.question_id);
    if (annotations && !annotation) {
      const { file, field, record } = placed;
      const rule = `has no annotation in ${annotationFile}: the files must be of one split`;
      throw new InputError({ file, field: `${field}.question_id`, value: record.question_id, rule });
    }
    yield asQuestion(placed, annotation, { media, split });
  }
};
