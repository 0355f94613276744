/** A run's best evaluation in a cell. Pure. */
import type { RunSummary } from '../../../../shared/api/runs.ts';
import { formatShare } from '../../format.ts';

type Score = RunSummary['score'];

/** What the benchmark is known by, short, or the accuracy where the questions are of none. */
export function formatScore(score: Score): string {
  if (!score?.metric) return formatShare(score?.accuracy);
  const { value, unit } = score.metric;
  return unit === '%' ? formatShare(value / 100) : value.toFixed(1);
}

/** What it is of: `F1, of 500 questions at 2/8`. */
export function scoreTitle(score: Score): string | undefined {
  if (!score) return undefined;
  const questions = `${score.questions} questions at ${score.compression}`;
  if (!score.metric) return questions;
  return `${score.metric.name}${score.metric.unit === 'points' ? ', points' : ''}, of ${questions}`;
}
