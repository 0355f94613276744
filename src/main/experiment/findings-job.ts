import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { InputError } from '../../shared/errors.ts';
import { programResult } from '../studio/program-result.ts';
import type { Places, ReadExperiment } from './experiment-file.ts';

const ENTRY = fileURLToPath(new URL('findings-entry.ts', import.meta.url));
const text = z.string();

/** What the process is asked: an experiment's runs and answers are read, and its files written. */
export const findingsJobSchema = z.strictObject({
  experiment: z.unknown(),
  source: text,
  text,
  places: z.strictObject({ runs: text, experiments: text }),
});

const messageSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('written'), files: z.array(text) }),
  z.strictObject({ type: z.literal('refused'), cause: text }),
]);
export type FindingsMessage = z.infer<typeof messageSchema>;

/**
 * Works an experiment's result out in a process of its own.
 *
 * @returns the page and its chart
 * @throws InputError where a run does not fit, or none of the baseline's is there yet; Error where the process fails
 */
export async function workOutFindings(read: ReadExperiment, places: Places): Promise<string[]> {
  const job: z.input<typeof findingsJobSchema> = { ...read, places: { ...places } };
  const message = await programResult(ENTRY, job, { schema: messageSchema, what: 'The result of the experiment' });
  if (message.type === 'refused') throw new InputError({ rule: message.cause });
  return message.files;
}
