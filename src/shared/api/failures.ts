import { z } from 'zod';
import { failureSchema } from '../run-record.ts';

/** The fields of an `InputError`: which input broke which rule. */
const inputProblemSchema = z.strictObject({
  file: z.string().optional(),
  field: z.string().optional(),
  value: z.unknown().optional(),
  rule: z.string(),
  hint: z.string().optional(),
});

/** Why a request was not done. */
const apiFailureSchema = failureSchema.extend({
  /** Where input broke a rule. */
  problem: inputProblemSchema.optional(),
});
export type ApiFailure = z.infer<typeof apiFailureSchema>;

/**
 * Body of every answer that is not 2xx: 400 bad input, 401 no session, 403 foreign request, 404 not there, 409 not now,
 * 413 too large, 429 too many, 500 a fault of the program, 504 took too long.
 */
export const apiErrorSchema = z.strictObject({ error: apiFailureSchema });
export type ApiError = z.infer<typeof apiErrorSchema>;

/** Body of an answer that has nothing to tell but that it was done. */
export const doneSchema = z.strictObject({ done: z.literal(true) });
