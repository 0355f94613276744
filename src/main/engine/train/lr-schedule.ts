import type { ModelPart } from '../../../shared/recipe-fields.ts';

/** Shape of the learning rate over a run. Each starts with a linear warm-up where `warmupSteps` is more than 0. */
export type ScheduleName = 'cosine' | 'linear' | 'constant';

export interface LearningRateSchedule {
  readonly schedule: ScheduleName;
  /** Learning rate at the end of the warm-up, the highest of the run. */
  readonly lr: number;
  readonly warmupSteps: number;
  /** Optimizer steps of the whole run. */
  readonly totalSteps: number;
}

/** Warm-up steps of a run: the share of its optimizer steps, rounded up as transformers does. */
export function warmupSteps(warmupRatio: number, totalSteps: number): number {
  return Math.ceil(warmupRatio * totalSteps);
}

const DECAY: Record<ScheduleName, (progress: number) => number> = {
  cosine: (progress) => Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress))),
  linear: (progress) => Math.max(0, 1 - progress),
  constant: () => 1,
};

/**
 * Learning rate used in optimizer step `step` (from 0): with a warm-up it is 0 in step 0. Same values as transformers'
 * `get_{cosine,linear,constant}_schedule_with_warmup`.
 */
export function learningRateAt(step: number, { schedule, lr, warmupSteps, totalSteps }: LearningRateSchedule): number {
  if (step < warmupSteps) return (lr * step) / warmupSteps;
  return lr * DECAY[schedule]((step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
}

/** Learning rates of parts of a model. */
export type LearningRates = Partial<Record<ModelPart, number>>;

/** Learning rates of step `step`: `lr`, and those of parts that have one of their own. All have the same shape over the run. */
export function learningRatesAt(
  step: number,
  schedule: LearningRateSchedule,
  parts: LearningRates,
): { readonly lr: number; readonly lrs: LearningRates } {
  const own = Object.entries(parts).map(([part, lr]) => [part, learningRateAt(step, { ...schedule, lr })]);
  return { lr: learningRateAt(step, schedule), lrs: Object.fromEntries(own) as LearningRates };
}
