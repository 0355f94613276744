import { Means } from './means.ts';
import type { Scorer } from './scorer.ts';

/** An answer as LLaVA-1.5 hands it to GQA (`convert_gqa_for_eval.py`): lower case, without a full stop at its end. */
export const gqaAnswer = (answer: string): string => answer.trim().replace(/\.+$/, '').toLowerCase();

const ACCURACY = 'accuracy';

/** GQA (Hudson and Manning 2019), `eval.py`: the share of answers that are the right one, overall and by structure. */
export const gqa: Scorer = {
  needs: [],
  keeper: () => {
    const means = new Means();
    return {
      add(answer, { expected, scoring }) {
        const credit = Number(gqaAnswer(answer) === expected);
        means.add(ACCURACY, credit);
        const structure = scoring?.tags?.['structural'];
        if (structure !== undefined) means.add(structure, credit);
        return credit;
      },
      metrics: () => means.metrics([ACCURACY]),
    };
  },
};
