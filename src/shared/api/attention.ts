import { z } from 'zod';
import { ATTENTION_SAMPLES, attentionReportSchema, MOST_ATTENTION_SAMPLES } from '../attention-study.ts';
import { failureSchema } from '../run-record.ts';
import { count, time } from './numbers.ts';

/** `POST /attention`: measure attention by depth. */
export const newAttentionSchema = z.strictObject({
  /** Id of `GET /models`, no size. */
  model: z.string().min(1).max(4096),
  /** Id of `GET /datasets`. */
  dataset: z.string().min(1).max(200),
  samples: z.int().min(1).max(MOST_ATTENTION_SAMPLES).default(ATTENTION_SAMPLES),
  /** Stage notation K/S. */
  compression: z.string().max(200).default('none'),
});
export type NewAttention = z.input<typeof newAttentionSchema>;

/** A measurement, as its file keeps it. One that the studio's end cut off counts as cancelled. */
export const attentionStudySchema = z.strictObject({
  id: z.string(),
  createdAt: time,
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  request: newAttentionSchema.required(),
  /** Questions looked at, and all; 0 before they are counted. */
  done: count,
  total: count,
  failure: failureSchema.optional(),
  /** Absent until it is done. */
  report: attentionReportSchema.optional(),
});
export type AttentionStudy = z.infer<typeof attentionStudySchema>;

/** `GET /attention`: newest first. */
export const attentionListSchema = z.strictObject({ studies: z.array(attentionStudySchema) });
