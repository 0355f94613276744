import { z } from 'zod';

/** Train a few steps at every compression setting of a recipe, to measure them. Nothing is written. */
export const probeJobSchema = z.strictObject({
  kind: z.literal('probe'),
  /** A YAML file, or the name of a preset. */
  recipe: z.string().min(1),
  /** `key.path=value`, as of the command line's `--set`. */
  overrides: z.array(z.string()),
});
export type ProbeJob = z.infer<typeof probeJobSchema>;

/** One measured compression setting. */
export const probedStageSchema = z.strictObject({
  /** On this model, K/S. */
  compression: z.string(),
  /** Median duration of an optimizer step. */
  stepMs: z.number().min(0),
  /** Steps that were measured. */
  steps: z.int().min(1),
  /** Resident memory of the engine behind them. */
  memoryBytes: z.int().min(0),
});
export type ProbedStage = z.infer<typeof probedStageSchema>;
