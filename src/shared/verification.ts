import { z } from 'zod';
import { executionModeSchema } from './execution-mode.ts';

/** Compare the engine with reference cases. `folder`: absolute path of a case, or of a folder of cases. */
export const verifyJobSchema = z.strictObject({
  kind: z.literal('verify'),
  folder: z.string().min(1),
  /** By default graph. */
  execution: executionModeSchema.optional(),
});
export type VerifyJob = z.infer<typeof verifyJobSchema>;

/** How a difference is measured; each tensor of a reference case has the measure its tolerance is given in. */
const MEASURES = [
  'largest absolute difference',
  'relative L2 difference',
  'relative difference',
  'entries that differ',
  'grey levels',
] as const;

/** One number or tensor of a reference case compared with the engine's, or why it was not. */
export const checkSchema = z.strictObject({
  /** Name of the case, e.g. `clip-llama`. */
  case: z.string(),
  /** What is checked, e.g. `gradients 2/4`. */
  topic: z.string(),
  /** Tensor or value within the topic. */
  name: z.string(),
  status: z.enum(['pass', 'fail', 'skipped']),
  measure: z.enum(MEASURES).optional(),
  /** Absent where nothing could be compared, or where the difference is not a finite number. */
  difference: z.number().optional(),
  tolerance: z.number().optional(),
  /** Why it was skipped, or what went wrong beyond the difference. */
  reason: z.string().optional(),
});
export type Check = z.infer<typeof checkSchema>;

/** Numbers of checks by outcome. */
export function countChecks(checks: readonly Check[]): Record<Check['status'], number> {
  const counts = { pass: 0, fail: 0, skipped: 0 };
  for (const { status } of checks) counts[status]++;
  return counts;
}
