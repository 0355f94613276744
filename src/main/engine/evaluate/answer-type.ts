import { normaliseAnswer } from './scorers/exact-match.ts';

/** The kinds of answers that VQA v2 tells apart. */
export type AnswerType = 'yes/no' | 'number' | 'other';

/** What kind of question it was, by its right answer. */
export function answerType(expected: string): AnswerType {
  const answer = normaliseAnswer(expected);
  if (answer === 'yes' || answer === 'no') return 'yes/no';
  return /^\d+$/.test(answer) ? 'number' : 'other';
}
