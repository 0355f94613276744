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

const count = z.int().min(0);
const amount = z.number().min(0);

/** One measured compression setting. */
export const probedStageSchema = z.strictObject({
  /** On this model, K/S. */
  compression: z.string(),
  /** Duration of an optimizer step on rows of mean length, without recording functions and making features that are kept. */
  stepMs: amount,
  /** Steps that were measured. */
  steps: z.int().min(1),
  /** Resident memory of the engine behind them. */
  memoryBytes: count,
  /** What recording a function took on top of running it; 0 where none was recorded. */
  recordMs: amount,
  /** How often batches have each of their shapes, as shares of all: a shape is recorded when it comes first. */
  shapes: z.array(z.number().min(0).max(1)),
  /** Mean of an optimizer step, summed over decoder layers. */
  visualTokens: amount,
});
export type ProbedStage = z.infer<typeof probedStageSchema>;

/** Features of a frozen tower, which are made when first asked for, a group of pictures at a time, and kept. */
const probedFeaturesSchema = z.strictObject({
  /** Pictures whose features are kept, and the groups they are in. */
  kept: count,
  groups: count,
  /** Pictures of the data, those that are not kept included. */
  images: count,
  /** Pictures shown in an optimizer step. */
  perStep: amount,
  msPerImage: amount,
});
export type ProbedFeatures = z.infer<typeof probedFeaturesSchema>;

/** What is measured once for all settings. */
export const probedRunSchema = z.strictObject({
  features: probedFeaturesSchema.optional(),
  /** How long a checkpoint holds the training up, and how long it takes until it is on the disk; of huge ones only the first. */
  heldMs: amount,
  savedMs: amount.optional(),
  /** Resident memory that saving brings the engine, from the first checkpoint on. */
  savingBytes: count,
  /** What kept pictures and features will take on top, once all were seen. */
  growthBytes: count,
});
export type ProbedRun = z.infer<typeof probedRunSchema>;

/** All that a probe found. */
export const probeResultSchema = z.strictObject({ stages: z.array(probedStageSchema), run: probedRunSchema });
export type ProbeResult = z.infer<typeof probeResultSchema>;
