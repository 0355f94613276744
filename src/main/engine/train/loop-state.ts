import { z } from 'zod';

/** What a run has used and saved so far; visual tokens are summed over decoder layers. */
export const totalsSchema = z.strictObject({
  samples: z.number().int().min(0),
  visualTokens: z.number().min(0),
  visualTokensFull: z.number().min(0),
  flopsPaper: z.number().min(0),
  flopsPaperFull: z.number().min(0),
  flopsExact: z.number().min(0),
  flopsExactFull: z.number().min(0),
  /** Time spent in training steps, in milliseconds. */
  trainingMs: z.number().min(0),
});
export type Totals = z.infer<typeof totalsSchema>;

/** Where a run stands: everything besides weights and optimizer tensors that resuming bit for bit needs. */
export const loopStateSchema = z.strictObject({
  /** Optimizer steps done. */
  step: z.number().int().min(0),
  /** Micro-batches of the current optimizer step already in the accumulated gradient. */
  microBatch: z.number().int().min(0),
  /** Loss summed over those micro-batches. */
  partialLoss: z.number(),
  /** Where the next optimizer step's samples start. */
  position: z.strictObject({ epoch: z.number().int().min(0), batchIndex: z.number().int().min(0) }),
  totals: totalsSchema,
});
export type LoopState = z.infer<typeof loopStateSchema>;

export const INITIAL_STATE: LoopState = {
  step: 0,
  microBatch: 0,
  partialLoss: 0,
  position: { epoch: 0, batchIndex: 0 },
  totals: {
    samples: 0,
    visualTokens: 0,
    visualTokensFull: 0,
    flopsPaper: 0,
    flopsPaperFull: 0,
    flopsExact: 0,
    flopsExactFull: 0,
    trainingMs: 0,
  },
};
