import type { Scorer } from './scorer.ts';

/** Lower case, punctuation and symbols as spaces, single spaces: answers that differ only in these are the same. */
export function normaliseAnswer(answer: string): string {
  return answer
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\p{P}\p{S}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Whether the whole answer is the right one, case, punctuation and spaces aside. */
export const isExactMatch = (answer: string, expected: string): boolean =>
  normaliseAnswer(answer) === normaliseAnswer(expected);

/** The rule of a dataset that is no benchmark: its accuracy is all there is. */
export const exactMatch: Scorer = {
  needs: [],
  keeper: () => ({
    add: (answer, { expected }) => Number(isExactMatch(answer, expected)),
    metrics: () => [],
  }),
};
