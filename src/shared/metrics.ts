import { z } from 'zod';
import { ratioPercent } from './compression.ts';
import { InputError } from './errors.ts';
import { fieldPath, ruleOf, valueAt } from './validation.ts';

const amount = z.number().min(0);
const whole = z.int().min(0);

const general = {
  /** Optimizer steps done, from 1: the number that a checkpoint taken now has. */
  step: z.int().min(1),
  /** Passes over the data, with fraction. */
  epoch: amount,
  /** Samples seen since the start of the run. */
  samples: whole,
  /** Mean cross entropy over the step's supervised tokens (vision phase: over its answers). */
  loss: z.number(),
  /** Learning rate used in this step. */
  lr: amount,
  /** Norm over all trained tensors before clipping. */
  gradNorm: amount,
  /** Duration of the step. */
  stepMs: amount,
  /** Resident memory of the engine's process. */
  memoryBytes: whole,
  /** Tensors alive after the step: a rising count is a leak. */
  tensors: whole,
  /** Functions that this engine process recorded so far, and those it freed for room: both rising means too many shapes. */
  functionsRecorded: whole.optional(),
  functionsEvicted: whole.optional(),
  /** When the step ended (ISO 8601). */
  time: z.iso.datetime(),
};

/**
 * One line of `metrics.jsonl` of a training on conversations: one optimizer step. Token and FLOP counts leave padding out.
 * `Paper`, `Fastv` and `PyramidDrop` FLOPs are of the forward pass as those publications count it, `Exact` ones of forward and
 * backward (see cost.ts, training-cost.ts).
 */
export const trainMetricsSchema = z.object({
  ...general,
  /** Index of the stage, from 0. */
  stage: whole,
  /** Learning rates used in this step of parts that have one of their own. */
  lrs: z.strictObject({ projector: amount, decoder: amount, visionTower: amount }).partial().optional(),
  /** Compression of the step on this model, K/S. */
  compression: z.string(),
  /** Visual tokens of the step's samples, summed over decoder layers. */
  visualTokens: whole,
  /** The same for each decoder layer. */
  visualTokensPerLayer: z.array(whole),
  /** Of this step: full visual tokens over actual ones, in percent; 100 = no compression. */
  compressionRatio: z.number().min(100),
  /** Since the start of the run, summed over decoder layers. */
  visualTokensSeen: whole,
  /** Since the start of the run: visual tokens that full training would have run on more. */
  visualTokensSaved: whole,
  flopsPaper: amount,
  /** Absent in lines of earlier versions. */
  flopsFastv: amount.optional(),
  flopsPyramidDrop: amount.optional(),
  flopsExact: amount,
  /** Since the start of the run. */
  flopsSavedPaper: amount,
  flopsSavedExact: amount,
  /** Tokens that the loss was taken on. */
  supervisedTokens: whole,
  /** Tokens of the samples before compression per second, so that schemes can be compared. */
  tokensPerSecond: amount,
});
export type TrainMetrics = z.output<typeof trainMetricsSchema>;

/** One line of `metrics.jsonl` of a vision tower's training: one optimizer step. */
export const visionMetricsSchema = z.object({
  ...general,
  /** Share of the step's answers that were classified right. */
  accuracy: z.number().min(0).max(1),
  imagesPerSecond: amount,
});
export type VisionMetrics = z.output<typeof visionMetricsSchema>;

/** Counts since the start of a run; part of a checkpoint, so that a resumed run goes on counting. */
export type MetricTotals = Readonly<
  Pick<TrainMetrics, 'samples' | 'visualTokensSeen' | 'visualTokensSaved' | 'flopsSavedPaper' | 'flopsSavedExact'>
>;

/** Compression ratio in percent of the run up to a line: 100 = no compression. */
export function runCompressionRatio({ visualTokensSeen, visualTokensSaved }: MetricTotals): number {
  return ratioPercent(visualTokensSeen + visualTokensSaved, visualTokensSeen);
}

/**
 * Reads one line of a `metrics.jsonl`.
 *
 * @param place file and line for messages, e.g. `metrics.jsonl:12`
 * @throws InputError naming the field where the line is no JSON or no metrics of this kind
 */
export function parseMetrics<T extends z.ZodType>(schema: T, line: string, place: string): z.output<T> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new InputError({ file: place, value: line, rule: 'must be one JSON object' }, { cause: error });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (!issue) throw new Error('a refused line has at least one issue');
  const found = valueAt(value, issue.path);
  throw new InputError({ file: place, field: fieldPath(issue.path), value: found, rule: ruleOf(issue, found) });
}
