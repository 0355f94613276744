import type { ScoredQuestion, Scorer } from '../../src/main/engine/evaluate/scorers/scorer.ts';
import type { Benchmark, Scoring } from '../../src/shared/benchmark.ts';

/** A question of a benchmark, with what its rule needs. */
export const question = (
  benchmark: Benchmark,
  expected: string,
  scoring: Partial<Omit<Scoring, 'benchmark'>> = {},
): ScoredQuestion => ({ expected, scoring: { benchmark, id: '1', ...scoring } });

/** Credits of some answers in turn, and the results by name. */
export function scored(
  scorer: Scorer,
  answers: readonly (readonly [string, ScoredQuestion])[],
): { credits: number[]; metrics: Record<string, number>; names: string[] } {
  const keeper = scorer.keeper();
  const credits = answers.map(([answer, asked]) => keeper.add(answer, asked));
  const metrics = keeper.metrics();
  return {
    credits,
    metrics: Object.fromEntries(metrics.map(({ name, value }) => [name, value])),
    names: metrics.map(({ name }) => name),
  };
}
