import { Means } from './means.ts';
import { optionOf } from './option-letter.ts';
import type { Scorer } from './scorer.ts';

const [ACCURACY, IMAGE, VIDEO] = ['accuracy', 'image', 'video'];

/**
 * SEED-Bench (Li et al. 2023): accuracy overall, of pictures, of videos, and by dimension. As with LLaVA-1.5 the model
 * writes a letter; the publisher's own script takes the likeliest option instead.
 */
export const seedBench: Scorer = {
  needs: ['options', 'tags'],
  keeper: () => {
    const means = new Means();
    return {
      add(answer, { expected, scoring }) {
        const { medium, dimension } = scoring?.tags ?? {};
        const credit = Number(optionOf(answer, scoring?.options ?? []) === expected);
        for (const name of [ACCURACY, medium, dimension]) if (name !== undefined) means.add(name, credit);
        return credit;
      },
      metrics: () => means.metrics([ACCURACY, IMAGE, VIDEO]),
    };
  },
};
