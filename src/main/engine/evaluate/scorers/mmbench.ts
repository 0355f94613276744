import { Groups } from './groups.ts';
import { Means } from './means.ts';
import { optionOf } from './option-letter.ts';
import type { Scorer } from './scorer.ts';

const [CIRCULAR, SINGLE] = ['circular accuracy', 'single accuracy'];

/**
 * MMBench (Liu et al. 2023), circular evaluation: a question is right where the right option is chosen at every rotation
 * of its options; overall and by category. `single accuracy` counts every rotation for itself. Options are told from
 * answers by rules alone, where the publisher asks a language model about the rest.
 */
export const mmbench: Scorer = {
  needs: ['group', 'options'],
  keeper: () => {
    const [single, groups] = [new Means(), new Groups()];
    return {
      add(answer, { expected, scoring }) {
        if (!scoring) throw new Error('the question has nothing to score by');
        const isRight = optionOf(answer, scoring.options ?? []) === expected;
        single.add(SINGLE, Number(isRight));
        groups.add(scoring, isRight);
        return Number(isRight);
      },
      metrics() {
        const circular = new Means();
        for (const { tags, isRight } of groups.whole()) {
          circular.add(CIRCULAR, Number(isRight));
          if (tags['category'] !== undefined) circular.add(tags['category'], Number(isRight));
        }
        const [main, ...categories] = circular.metrics([CIRCULAR]);
        return [...(main ? [main] : []), ...single.metrics(), ...categories];
      },
    };
  },
};
