import { z } from 'zod';

/** How far the making of a dataset is: files or records of the current phase. */
export const sourceProgressSchema = z.strictObject({
  phase: z.enum(['download', 'unpack', 'draw', 'write']),
  done: z.int().min(0),
  total: z.int().min(1),
});
export type SourceProgress = z.infer<typeof sourceProgressSchema>;
