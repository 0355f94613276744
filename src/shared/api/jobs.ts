import { z } from 'zod';
import { failureSchema } from '../run-record.ts';
import { count, share, time } from './numbers.ts';

const JOB_KINDS = ['train', 'evaluate', 'probe', 'dataset', 'export', 'demo', 'study', 'experiment'] as const;

/** Something that takes a while. One training at a time, others wait in order; the rest runs beside. */
export const jobSchema = z.strictObject({
  id: z.string(),
  kind: z.enum(JOB_KINDS),
  title: z.string(),
  state: z.enum(['waiting', 'running', 'stopping', 'done', 'failed', 'cancelled']),
  /** Place among those that wait, from 1. */
  position: count.optional(),
  /** What it works on: name of a run, id of a dataset, a batch, a probe or an export, name of a study. */
  subject: z.string().optional(),
  /** Part that is done, where that is known. */
  done: share.optional(),
  createdAt: time,
  startedAt: time.optional(),
  endedAt: time.optional(),
  failure: failureSchema.optional(),
});
export type StudioJob = z.infer<typeof jobSchema>;
