/** How an answer is compared with the right one. */
export interface Scorer {
  readonly name: string;
  isCorrect(answer: string, expected: string): boolean;
}

/** Lower case, punctuation and symbols as spaces, single spaces: answers that differ only in these are the same. */
export function normaliseAnswer(answer: string): string {
  return answer
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\p{P}\p{S}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The whole answer must be the right one, case, punctuation and spaces aside. */
export const exactMatch: Scorer = {
  name: 'exact match',
  isCorrect: (answer, expected) => normaliseAnswer(answer) === normaliseAnswer(expected),
};

/** The kinds of answers that VQA v2 tells apart. */
export type AnswerType = 'yes/no' | 'number' | 'other';

/** What kind of question it was, by its right answer. */
export function answerType(expected: string): AnswerType {
  const answer = normaliseAnswer(expected);
  if (answer === 'yes' || answer === 'no') return 'yes/no';
  return /^\d+$/.test(answer) ? 'number' : 'other';
}
