import { z } from 'zod';
import { evaluationProgressSchema } from '../evaluation.ts';
import { studyAskingSchema, studyGridSchema, studyResultSchema } from '../redundancy-study.ts';
import { failureSchema } from '../run-record.ts';
import { count, time } from './numbers.ts';

/** What a redundancy study asks, as its folder keeps it. */
export const studyRequestSchema = z.strictObject({
  /** Folder of a model, a run or a checkpoint, relative to the workspace where it lies in it. */
  model: z.string().min(1).max(4096),
  /** LLaVA conversations, JSON or JSONL; relative likewise. */
  data: z.string().min(1).max(4096),
  ...studyGridSchema.shape,
  ...studyAskingSchema.shape,
});
export type StudyRequest = z.output<typeof studyRequestSchema>;

/** `POST /studies/redundancy`. */
export const newStudySchema = z.strictObject({
  /** Id of `GET /models`, no size. */
  model: z.string().min(1).max(4096),
  /** Id of `GET /datasets`. */
  dataset: z.string().min(1).max(200),
  ...studyGridSchema.shape,
  ...studyAskingSchema.shape,
});
export type NewStudy = z.input<typeof newStudySchema>;

/** `interrupted`: not all is answered and nobody is at it; it can be resumed, as can a failed one. */
const STUDY_STATES = ['running', 'interrupted', 'failed', 'done'] as const;

export const studySummarySchema = z.strictObject({
  /** Of its folder below studies/. */
  name: z.string(),
  createdAt: time,
  state: z.enum(STUDY_STATES),
  request: studyRequestSchema,
  /** Full first, then as they are asked. */
  compressions: z.array(z.string()),
  /** Decoder layers of the model. */
  depth: count,
  /** Questions answered at every setting, and all. */
  done: count,
  total: count,
  failure: failureSchema.optional(),
});
export type StudySummary = z.infer<typeof studySummarySchema>;

/** `GET /studies/redundancy`: newest first. */
export const studyListSchema = z.strictObject({ studies: z.array(studySummarySchema) });

/** `GET /studies/redundancy/:name`. */
export const studyDetailSchema = z.strictObject({
  study: studySummarySchema,
  /** Scores so far, while it runs. */
  progress: evaluationProgressSchema.optional(),
  /** Of the questions that are answered; absent while it runs and before the first is. */
  result: studyResultSchema.optional(),
});
export type StudyDetail = z.infer<typeof studyDetailSchema>;

/** `GET /studies/redundancy/:name/export?format=…`. */
export const studyExportSchema = z.strictObject({ format: z.enum(['csv', 'markdown', 'json']).default('csv') });
