import { z } from 'zod';
import { benchShapeSchema } from './bench-shape.ts';
import { compressorBenchJobSchema, compressorBenchResultSchema } from './compressor-bench.ts';
import { executionModeSchema } from './execution-mode.ts';
import { PRECISIONS } from './precision.ts';
import { failureSchema } from './run-record.ts';

const count = z.int().min(1);

/** One process's work: a shape under one compression setting, some steps to warm up and some that count. */
const benchJobSchema = z.strictObject({
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
const benchResultSchema = z.discriminatedUnion('kind', [
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

/** All that a bench process can be asked for. */
export const anyBenchJobSchema = z.discriminatedUnion('kind', [benchJobSchema, compressorBenchJobSchema]);
export type AnyBenchJob = z.infer<typeof anyBenchJobSchema>;

/** What the process sends: a result, or why there is none. */
export const benchMessageSchema = z.union([
  z.object({ result: z.discriminatedUnion('kind', [benchResultSchema, compressorBenchResultSchema]) }),
  z.object({ failure: failureSchema }),
]);
export type BenchMessage = z.infer<typeof benchMessageSchema>;
