import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { studyResultSchema, type StudyResult } from '../../../shared/redundancy-study.ts';
import { programResult } from '../program-result.ts';
import type { StudyFolder } from './study-folder.ts';

const ENTRY = fileURLToPath(new URL('result-entry.ts', import.meta.url));

/** What the process is asked: the folder of a study. */
export const resultJobSchema = z.strictObject({ folder: z.string().min(1) });

/** What it answers. */
const resultMessageSchema = z.strictObject({
  /** Absent before the first answer. */
  result: studyResultSchema.optional(),
});
export type ResultMessage = z.infer<typeof resultMessageSchema>;

/** The result of the answers there are, worked out in a process of its own; undefined before the first answer. */
export async function resultSoFar({ path }: StudyFolder): Promise<StudyResult | undefined> {
  const job: z.input<typeof resultJobSchema> = { folder: path };
  const message = await programResult(ENTRY, job, { schema: resultMessageSchema, what: 'The result of the study' });
  return message.result;
}
