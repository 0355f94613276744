import type { Scoring } from '../../../../shared/benchmark.ts';
import { Means } from './means.ts';
import type { Scorer, ScoreKeeper } from './scorer.ts';
import { normaliseVqa, processPunctuation } from './vqa-normalise.ts';

/** So many people who agree make an answer right. */
const AGREEING = 3;

/**
 * Accuracy of an answer: min(n / 3, 1) of each set that leaves one of the people out, averaged over those sets, where n
 * are the people in the set who gave the answer. Of N people m gave it: m sets have m − 1 of them and N − m have m.
 *
 * @param answers people's answers → how many gave each, all made comparable
 */
export function leaveOneOutAccuracy(answer: string, answers: ReadonlyMap<string, number>): number {
  const people = [...answers.values()].reduce((total, count) => total + count, 0);
  const agree = answers.get(answer) ?? 0;
  if (agree === 0) return 0;
  const credit = (count: number): number => Math.min(1, count / AGREEING);
  return (agree * credit(agree - 1) + (people - agree) * credit(agree)) / people;
}

/** People's answers made comparable; those that become the same are counted together. */
export function countNormalised(
  answers: Readonly<Record<string, number>>,
  normalise: (answer: string) => string,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [answer, count] of Object.entries(answers)) {
    const key = normalise(answer);
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  return counts;
}

/**
 * VQA's accuracy as `vqaEval.py` of the VQA tools computes it: the model's answer is always made comparable; of people's
 * answers, which are published in lower case with digits, punctuation alone goes, and only where they differ.
 */
export function vqaAccuracy(answer: string, { answers = {} }: Pick<Scoring, 'answers'>): number {
  const isAgreed = Object.keys(answers).length === 1;
  const people = countNormalised(answers, isAgreed ? (text) => text : processPunctuation);
  return leaveOneOutAccuracy(normaliseVqa(answer), people);
}

/** Means of an accuracy: overall, and by a tag of the questions. */
export function accuracyKeeper(
  accuracy: (answer: string, scoring: Scoring) => number,
  tag: string,
  title: (value: string) => string = (value) => value,
): ScoreKeeper {
  const means = new Means();
  return {
    add(answer, { scoring }) {
      if (!scoring) throw new Error('the question has nothing to score by');
      const credit = accuracy(answer, scoring);
      means.add(VQA_ACCURACY, credit);
      const value = scoring.tags?.[tag];
      if (value !== undefined) means.add(title(value), credit);
      return credit;
    },
    metrics: () => means.metrics([VQA_ACCURACY]),
  };
}

const VQA_ACCURACY = 'VQA accuracy';

/** VQAv2 (Goyal et al. 2017): accuracy overall and by kind of answer. */
export const vqav2: Scorer = { needs: ['answers'], keeper: () => accuracyKeeper(vqaAccuracy, 'answer') };
