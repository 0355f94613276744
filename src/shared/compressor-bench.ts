/** A bench of compressors: what each saves of a prefill's FLOPs, and what of its time. */
import { z } from 'zod';
import { benchShapeSchema } from './bench-shape.ts';
import { formatCompression } from './compression.ts';
import { COMPRESSOR_FACTS, COMPRESSORS } from './compressors.ts';
import { executionModeSchema } from './execution-mode.ts';

const count = z.int().min(1);

export const compressorBenchJobSchema = z.strictObject({
  kind: z.literal('compressors'),
  /** Sizes of a model with random weights, its tower included, and of the batch. */
  shape: benchShapeSchema,
  /** A model folder in the place of random weights; of the shape, text and batch are left. */
  model: z.string().optional(),
  /** Stage notation K/S. */
  settings: z.array(z.string()).min(1),
  mode: executionModeSchema,
  /** Turns that count, each setting and full once in each. */
  rounds: count,
  warmup: z.int().min(0),
});
export type CompressorBenchJob = z.infer<typeof compressorBenchJobSchema>;

const rowSchema = z.object({
  compression: z.string(),
  /** Visual tokens of an image in the last layer. */
  visualTokens: z.int(),
  /** Median of a prefill from pixels to the first token, planning and upload included; milliseconds. */
  ms: z.number(),
  /** Median over the rounds of its time by full's in the same round. */
  timeRatio: z.number(),
  /** Exact FLOPs of the prefill by full's: tower, projector, decoder, head. */
  flopsRatio: z.number(),
});
export type CompressorBenchRow = z.infer<typeof rowSchema>;

export const compressorBenchResultSchema = z.object({
  kind: z.literal('compressors'),
  runsOn: z.string(),
  parameters: z.int(),
  visualTokens: z.int(),
  /** The first one is full. */
  rows: z.array(rowSchema),
  /** Settings that the model or the stride does not allow, and why. */
  leftOut: z.array(z.object({ compression: z.string(), rule: z.string() })),
});
export type CompressorBenchResult = z.infer<typeof compressorBenchResultSchema>;

/** Every compressor at K/S, at the nearest layer that it can stand before; average pooling before the decoder too. */
export function settingsAt(layer: number, stride: number): string[] {
  const points = COMPRESSORS.map((compressor) => {
    const { firstLayer = -1, lastLayer = Infinity } = COMPRESSOR_FACTS[compressor];
    return { layer: Math.min(Math.max(layer, firstLayer), lastLayer), stride, compressor };
  });
  const early = { layer: -1, stride, compressor: 'average-pool' } as const;
  return [...new Set([early, ...points].map((point) => formatCompression([point])))];
}
