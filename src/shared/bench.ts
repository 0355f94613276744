import { z } from 'zod';
import { executionModeSchema } from './execution-mode.ts';
import { PRECISIONS } from './precision.ts';
import { failureSchema } from './run-record.ts';

const count = z.int().min(1);

/** Sizes of the decoder and of the batch that a bench runs on, under the names of the PyTorch script's options. */
export const benchShapeSchema = z.strictObject({
  hidden: count,
  layers: count,
  heads: count,
  kvHeads: count,
  /** Width of the MLP. */
  intermediate: count,
  vocab: count,
  /** Visual tokens of each row. */
  nvis: z.int().min(0),
  /** Text tokens of each row. */
  text: z.int().min(2),
  batch: count,
});
export type BenchShape = z.infer<typeof benchShapeSchema>;

/** One process's work: a shape under one compression setting, some steps to warm up and some that count. */
export const benchJobSchema = z.strictObject({
  kind: z.enum(['train', 'generate']),
  shape: benchShapeSchema,
  /** Stage notation K/S, or none. */
  compression: z.string(),
  mode: executionModeSchema,
  /** Of matrix products in training; by default float32. */
  precision: z.enum(PRECISIONS).optional(),
  /** Whether training computes the inside of decoder layers again in the backward pass. */
  gradientCheckpointing: z.boolean().optional(),
  steps: count,
  warmup: z.int().min(0),
  /** Tokens to generate, the prefill's included. */
  newTokens: count,
});
export type BenchJob = z.infer<typeof benchJobSchema>;

const process = {
  /** Library and version, threads. */
  runsOn: z.string(),
  parameters: z.int(),
  /** Largest resident memory of the process in its whole life, in MB (2^20 bytes). */
  peakMb: z.number(),
};

/** What a process found; times in milliseconds, smallest and median over the steps that count. */
export const benchResultSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('train'),
    ...process,
    msMin: z.number(),
    msMedian: z.number(),
    /** The optimizer's part of a step; absent where it was not measured. */
    optimizerMs: z.number().optional(),
    lossFirst: z.number(),
    lossLast: z.number(),
  }),
  z.object({
    kind: z.literal('generate'),
    ...process,
    prefillMsMin: z.number(),
    prefillMsMedian: z.number(),
    decodeTokensPerSecondMax: z.number(),
    decodeTokensPerSecondMedian: z.number(),
    /** Tokens in the cache of each decoder layer at the end. */
    cacheLengths: z.array(z.int()),
  }),
]);
export type BenchResult = z.infer<typeof benchResultSchema>;
export type TrainBenchResult = Extract<BenchResult, { kind: 'train' }>;
export type GenerateBenchResult = Extract<BenchResult, { kind: 'generate' }>;

/** What the process sends: a result, or why there is none. */
export const benchMessageSchema = z.union([
  z.object({ result: benchResultSchema }),
  z.object({ failure: failureSchema }),
]);
export type BenchMessage = z.infer<typeof benchMessageSchema>;
