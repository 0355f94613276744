import { accuracyKeeper, countNormalised, leaveOneOutAccuracy } from './vqa.ts';
import type { Scorer } from './scorer.ts';
import { processDigitArticle, processPunctuation, singleLine } from './vqa-normalise.ts';

/** An answer as M4C's EvalAI processor makes it comparable (`m4c_evaluator.py`): commas and question marks go first. */
export function normaliseTextvqa(answer: string): string {
  const words = answer.toLowerCase().replaceAll(',', '').replaceAll('?', '').replaceAll("'s", " 's").trim();
  return processDigitArticle(processPunctuation(singleLine(words)));
}

/** TextVQA (Singh et al. 2019) by M4C's evaluator: every answer is made comparable, whether people's differ or not. */
export const textvqa: Scorer = {
  needs: ['answers'],
  keeper: () =>
    accuracyKeeper(
      (answer, { answers = {} }) =>
        leaveOneOutAccuracy(normaliseTextvqa(answer), countNormalised(answers, normaliseTextvqa)),
      'answer',
    ),
};
