/** What the runs of an experiment answered, and how the answers of two are paired. */
import { z } from 'zod';
import { evaluatedAnswerSchema, evaluationReportSchema, type EvaluatedAnswer } from '../evaluation.ts';
import { InputError } from '../errors.ts';

/** Version of these files. */
export const ANSWERS_FORMAT = 1;

/** One run's answers to the questions of an experiment: `experiments/NAME/answers/RUN.json`. */
export const keptAnswersSchema = z.strictObject({
  format: z.literal(ANSWERS_FORMAT),
  run: z.string(),
  /** When the run was begun: answers of another run of that name do not count. */
  runCreatedAt: z.string(),
  /** The file of questions as it was. */
  dataSha256: z.string(),
  /** What was asked for; one that asks for anything else is not answered by this. */
  compressions: z.array(z.string()),
  questions: z.union([z.literal('all'), z.int()]),
  maxTokens: z.int(),
  /** Folder of the images, where the experiment named one. */
  images: z.string().optional(),
  report: evaluationReportSchema,
  /** A place for each of the report's settings. */
  answers: z.array(evaluatedAnswerSchema),
});
export type KeptAnswers = z.infer<typeof keptAnswersSchema>;

/** Whether each question was answered right, by the question: the sample's id and how many of its questions came before. */
export type Marks = ReadonlyMap<string, boolean>;

/**
 * The answers at one setting by question.
 *
 * @param place of the setting
 */
export function marksOf(answers: readonly EvaluatedAnswer[], place: number): Marks {
  const seen = new Map<string, number>();
  return new Map(
    answers.map(({ id, expected, correct }) => {
      const before = seen.get(id) ?? 0;
      seen.set(id, before + 1);
      return [JSON.stringify([id, before, expected]), correct[place] ?? false];
    }),
  );
}

/**
 * Two runs' marks of the same questions, question by question.
 *
 * @param names of the two, for messages
 * @returns `[right in a, right in b]`
 * @throws InputError where they answered different questions
 */
export function pairMarks(a: Marks, b: Marks, names: readonly [string, string]): [boolean, boolean][] {
  const missing = [...a.keys()].find((question) => !b.has(question));
  if (a.size !== b.size || missing !== undefined) {
    const rule = `must have answered the ${a.size} questions that ${names[0]} has`;
    throw new InputError({ file: names[1], value: missing ?? b.size, rule });
  }
  return [...a].map(([question, right]) => [right, b.get(question) ?? false]);
}
