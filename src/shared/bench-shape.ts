import { z } from 'zod';

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
