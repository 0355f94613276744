import { isExactMatch } from './exact-match.ts';
import { Means } from './means.ts';
import type { Scorer } from './scorer.ts';

const EXACT = 'exact match';
/** Question types of ActivityNet-QA by number (Yu et al. 2019). */
const TYPES = ['motion', 'spatial', 'temporal', 'yes/no', 'colour', 'object', 'location', 'number', 'other'];

/** MSVD-QA, MSRVTT-QA and ActivityNet-QA: the share of answers that are the right one, overall and by type. */
export const videoQa: Scorer = {
  needs: [],
  keeper: () => {
    const means = new Means();
    return {
      add(answer, { expected, scoring }) {
        const credit = Number(isExactMatch(answer, expected));
        means.add(EXACT, credit);
        const type = scoring?.tags?.['type'];
        if (type !== undefined) means.add(TYPES[Number(type)] ?? type, credit);
        return credit;
      },
      metrics: () => means.metrics([EXACT]),
    };
  },
};
