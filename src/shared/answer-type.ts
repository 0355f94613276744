/** Lower case, punctuation and symbols as spaces, single spaces: answers that differ only in these are the same. */
export function normaliseAnswer(answer: string): string {
  return answer
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\p{P}\p{S}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The kinds of answers that VQA v2 tells apart. */
export type AnswerType = 'yes/no' | 'number' | 'other';

/** What kind of question it was, by its right answer. */
export function answerType(expected: string): AnswerType {
  const answer = normaliseAnswer(expected);
  if (answer === 'yes' || answer === 'no') return 'yes/no';
  return /^\d+$/.test(answer) ? 'number' : 'other';
}
