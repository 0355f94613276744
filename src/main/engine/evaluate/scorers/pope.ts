import { mean } from '../../../../shared/statistics.ts';
import type { Metric } from '../../../../shared/evaluation.ts';
import type { Scorer } from './scorer.ts';

/**
 * Whether an answer says yes, by POPE's `evaluate.py`: of its first sentence, `No`, `no` or `not` as a word of its own is
 * no, and everything else is yes.
 */
export function popeSaysYes(answer: string): boolean {
  const words = (answer.trim().split('.')[0] ?? '').replaceAll(',', '').split(' ');
  return !words.some((word) => ['No', 'no', 'not'].includes(word));
}

/** Answers of one setting; yes is what is found. */
interface Confusion {
  truePositives: number;
  falsePositives: number;
  trueNegatives: number;
  falseNegatives: number;
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** Accuracy, precision, recall, F1 and the share of answers that are yes. */
function popeResults({ truePositives, falsePositives, trueNegatives, falseNegatives }: Confusion): {
  accuracy: number;
  precision: number;
  recall: number;
  f1: number;
  yesRatio: number;
} {
  const total = truePositives + falsePositives + trueNegatives + falseNegatives;
  const precision = ratio(truePositives, truePositives + falsePositives);
  const recall = ratio(truePositives, truePositives + falseNegatives);
  return {
    accuracy: ratio(truePositives + trueNegatives, total),
    ...{ precision, recall },
    f1: ratio(2 * precision * recall, precision + recall),
    yesRatio: ratio(truePositives + falsePositives, total),
  };
}

const SETTINGS = ['random', 'popular', 'adversarial'];
const TITLES = {
  accuracy: 'accuracy',
  precision: 'precision',
  recall: 'recall',
  f1: 'F1',
  yesRatio: 'yes ratio',
} as const;

function metricsOf(settings: ReadonlyMap<string, Confusion>): Metric[] {
  const percent = (name: string, value: number): Metric => ({ name, value: 100 * value, unit: '%' });
  const place = (setting: string): number => SETTINGS.indexOf(setting);
  const ordered = [...settings].sort(([a], [b]) => place(a) - place(b));
  const results = ordered.map(([setting, confusion]) => ({ setting, results: popeResults(confusion) }));
  if (results.length === 0) return [];
  return [
    percent('F1', mean(results.map((one) => one.results.f1))),
    ...results.flatMap(({ setting, results: found }) =>
      (Object.keys(TITLES) as (keyof typeof TITLES)[]).map((key) => percent(`${setting} ${TITLES[key]}`, found[key])),
    ),
  ];
}

/** POPE (Li et al. 2023): the results of each setting; the main one is F1 averaged over settings, as LLaVA-1.5 reports it. */
export const pope: Scorer = {
  needs: ['tags'],
  keeper: () => {
    const settings = new Map<string, Confusion>();
    return {
      add(answer, { expected, scoring }) {
        const setting = scoring?.tags?.['setting'] ?? 'all';
        const found = settings.get(setting) ?? {
          ...{ truePositives: 0, falsePositives: 0, trueNegatives: 0, falseNegatives: 0 },
        };
        settings.set(setting, found);
        const [isYes, isRight] = [popeSaysYes(answer), popeSaysYes(answer) === (expected === 'yes')];
        if (isYes) found[isRight ? 'truePositives' : 'falsePositives']++;
        else found[isRight ? 'trueNegatives' : 'falseNegatives']++;
        return Number(isRight);
      },
      metrics: () => metricsOf(settings),
    };
  },
};
