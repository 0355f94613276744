import { z } from 'zod';

/** Counts since the start of a run (`MetricTotals`) and the time its steps took. */
const totalsSchema = z.strictObject({
  samples: z.int().min(0),
  visualTokensSeen: z.int().min(0),
  visualTokensSaved: z.int().min(0),
  flopsSavedPaper: z.number().min(0),
  flopsSavedExact: z.number().min(0),
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
    visualTokensSeen: 0,
    visualTokensSaved: 0,
    flopsSavedPaper: 0,
    flopsSavedExact: 0,
    trainingMs: 0,
  },
};
