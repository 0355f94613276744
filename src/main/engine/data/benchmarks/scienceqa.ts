import { z } from 'zod';
import { optionLetter } from '../../../../shared/benchmark.ts';
import { InputError } from '../../../../shared/errors.ts';
import { entriesOf, oneFile, optionalFile, valuesOf, type Placed } from './foreign.ts';
import type { BenchmarkQuestion, BenchmarkSource, Importer } from './importer.ts';
import { multipleChoice } from './prompts.ts';

const problemSchema = z.looseObject({
  question: z.string().min(1),
  choices: z.array(z.string()).min(2),
  answer: z.int().min(0),
  hint: z.string().default(''),
  image: z.string().nullish(),
  split: z.string(),
  subject: z.string(),
  grade: z.string(),
});
type Problem = z.infer<typeof problemSchema>;

const SPLIT = 'test';

const GRADES: readonly [RegExp, string][] = [
  [/^grade[1-6]$/, 'G1-6'],
  [/^grade([7-9]|1[0-2])$/, 'G7-12'],
];

/** The columns of the paper's table: NAT, SOC, LAN; TXT, IMG, NO; G1-6, G7-12. */
function tagsOf({ subject, image, hint, grade }: Problem): Record<string, string> {
  const columns: Readonly<Record<string, string>> = {
    'natural science': 'NAT',
    'social science': 'SOC',
    'language science': 'LAN',
  };
  const grades = GRADES.find(([pattern]) => pattern.test(grade))?.[1];
  return {
    subject: columns[subject] ?? subject,
    ...(image ? { image: 'IMG' } : {}),
    ...(hint ? { hint: 'TXT' } : {}),
    ...(!image && !hint ? { none: 'NO' } : {}),
    ...(grades !== undefined && { grade: grades }),
  };
}

function asQuestion(
  { key, record, ...at }: Placed<Problem> & { key: string },
  media: BenchmarkSource['media'],
): BenchmarkQuestion {
  const { question, choices, answer, hint, image } = record;
  if (answer >= choices.length) {
    const rule = `must be a place of the ${choices.length} choices`;
    throw new InputError({ ...at, field: `${at.field}.answer`, value: answer, rule });
  }
  return {
    ...at,
    id: key,
    ...(image && { image: media.image([`${key}/${image}`, `${SPLIT}/${key}/${image}`], at) }),
    prompt: multipleChoice({ ...(hint && { context: `Context: ${hint}` }), question, options: choices }),
    answer: optionLetter(answer),
    scoring: { id: key, question, options: choices, tags: tagsOf(record), ...(image && { media: `${key}/${image}` }) },
  };
}

/**
 * ScienceQA: the test split of `problems.json`, as `pid_splits.json` lists it or, without that, as each problem says.
 * Questions without a picture are text alone; the metric IMG is of those with one.
 */
export const importScienceqa: Importer = function* ({ files, media }) {
  const splits = optionalFile(files, /pid_splits\.json$/i, 'splits');
  const ids = splits === undefined ? undefined : new Set(valuesOf(splits, SPLIT, z.string()));
  for (const placed of entriesOf(oneFile(files, /problems\.json$/i, 'problems'), problemSchema)) {
    if (ids ? ids.has(placed.key) : placed.record.split === SPLIT) yield asQuestion(placed, media);
  }
};
