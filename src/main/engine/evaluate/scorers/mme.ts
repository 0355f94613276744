import { MME_SUBTASKS } from '../../data/benchmarks/mme.ts';
import type { Metric } from '../../../../shared/evaluation.ts';
import { sum } from '../../../../shared/sum.ts';
import { Groups } from './groups.ts';
import { Means } from './means.ts';
import type { Scorer } from './scorer.ts';

const PREFIX = 4;

/** What an answer says, by MME's `calculation.py`: yes or no within its first four letters, in lower case. */
export function mmeReading(answer: string): 'yes' | 'no' | 'other' {
  const start = answer.trim().toLowerCase().slice(0, PREFIX);
  if (start.includes('yes')) return 'yes';
  return start.includes('no') ? 'no' : 'other';
}

/** Of a subtask that was asked, at most 200 points: accuracy and accuracy+ in percent together. */
interface Subtask {
  readonly name: string;
  readonly accuracy: number;
  readonly accuracyPlus: number;
}

const points = ({ accuracy, accuracyPlus }: Subtask): number => accuracy + accuracyPlus;

function metricsOf(accuracies: Means, groups: Groups): Metric[] {
  const plus = new Means();
  for (const { tags, isRight } of groups.whole()) plus.add(tags['subtask'] ?? '', Number(isRight));
  const asked = new Set(accuracies.metrics().map(({ name }) => name));
  const kinds = Object.entries(MME_SUBTASKS).map(([kind, names]) => ({
    kind,
    subtasks: names
      .filter((name) => asked.has(name))
      .map((name): Subtask => ({ name, accuracy: accuracies.percent(name), accuracyPlus: plus.percent(name) })),
  }));
  const present = kinds.filter(({ subtasks }) => subtasks.length > 0);
  const totals = present.map(({ kind, subtasks }): Metric => ({
    name: kind,
    value: sum(subtasks.map(points)),
    unit: 'points',
  }));
  const parts = present
    .flatMap(({ subtasks }) => subtasks)
    .flatMap((subtask): Metric[] => [
      { name: subtask.name, value: points(subtask), unit: 'points' },
      { name: `${subtask.name} accuracy`, value: subtask.accuracy, unit: '%' },
      { name: `${subtask.name} accuracy+`, value: subtask.accuracyPlus, unit: '%' },
    ]);
  return [...totals, ...parts];
}

/**
 * MME (Fu et al. 2023): of each subtask the accuracy over questions plus the share of pictures both of whose questions are
 * right (accuracy+); the totals of perception and cognition are sums over their subtasks.
 */
export const mme: Scorer = {
  needs: ['group', 'tags'],
  keeper: () => {
    const [accuracies, groups] = [new Means(), new Groups()];
    return {
      add(answer, { expected, scoring }) {
        if (!scoring) throw new Error('the question has nothing to score by');
        const isRight = mmeReading(answer) === expected;
        accuracies.add(scoring.tags?.['subtask'] ?? '', Number(isRight));
        groups.add(scoring, isRight);
        return Number(isRight);
      },
      metrics: () => metricsOf(accuracies, groups),
    };
  },
};
