import { optionLetter } from '../../../../shared/benchmark.ts';
import { Means } from './means.ts';
import type { Scorer } from './scorer.ts';

/**
 * The letter an answer names, by LLaVA's `eval_science_qa.py`: the answer is a letter, or begins with one, a full stop and
 * a space, or says once `The answer is X.`
 *
 * @param options how many there are
 */
export function scienceqaLetter(answer: string, options: number): string | undefined {
  const text = answer.trim();
  const letters = Array.from({ length: options }, (_, place) => optionLetter(place));
  if (letters.includes(text)) return text;
  const [first = ''] = text;
  if (letters.includes(first) && text.slice(1, 3) === '. ') return first;
  const said = [...text.matchAll(/The answer is ([A-Z])./g)].map(([, letter]) => letter);
  return said.length === 1 ? letters.find((letter) => letter === said[0]) : undefined;
}

const [ACCURACY, IMAGE] = ['accuracy', 'IMG'];
const COLUMNS = [ACCURACY, IMAGE, 'NAT', 'SOC', 'LAN', 'TXT', 'NO', 'G1-6', 'G7-12'];

/** ScienceQA (Lu et al. 2022): accuracy overall, of questions with a picture (IMG), and the paper's other columns. */
export const scienceqa: Scorer = {
  needs: ['options'],
  keeper: () => {
    const means = new Means();
    return {
      add(answer, { expected, scoring }) {
        const credit = Number(scienceqaLetter(answer, scoring?.options?.length ?? 0) === expected);
        for (const column of [ACCURACY, ...Object.values(scoring?.tags ?? {})]) means.add(column, credit);
        return credit;
      },
      metrics: () => means.metrics(COLUMNS),
    };
  },
};
