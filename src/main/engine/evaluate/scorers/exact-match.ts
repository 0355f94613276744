import { normaliseAnswer } from '../../../../shared/answer-type.ts';
import type { Scorer } from './scorer.ts';

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
