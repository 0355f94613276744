/** The learning rate over a run, for a small preview. */

export type ScheduleName = 'cosine' | 'linear' | 'constant';

const DECAY: Readonly<Record<ScheduleName, (progress: number) => number>> = {
  cosine: (progress) => 0.5 * (1 + Math.cos(Math.PI * progress)),
  linear: (progress) => 1 - progress,
  constant: () => 1,
};

/**
 * Learning rate at a point of the run as part of the highest one: a linear rise over the warm-up, then the schedule. The
 * engine computes the same per step (transformers' `get_{cosine,linear,constant}_schedule_with_warmup`).
 *
 * @param at part of the run, in [0, 1]
 */
export function relativeLearningRate(at: number, schedule: ScheduleName, warmupRatio: number): number {
  if (at < warmupRatio) return at / warmupRatio;
  return DECAY[schedule](warmupRatio >= 1 ? 0 : (at - warmupRatio) / (1 - warmupRatio));
}
