import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { InputError } from '../../shared/errors.ts';
import type { ProcessExit } from '../studio/exit-reason.ts';
import { startProgram } from '../studio/program.ts';
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
export function workOutFindings(read: ReadExperiment, places: Places): Promise<string[]> {
  return new Promise((resolve, reject) => {
    let last: FindingsMessage | undefined;
    const onMessage = (message: unknown): void => void (last = messageSchema.safeParse(message).data);
    const onExit = ({ code, stderr }: ProcessExit): void => {
      if (last?.type === 'written') resolve(last.files);
      else if (last) reject(new InputError({ rule: last.cause }));
      else reject(new Error(`The result could not be worked out (exit code ${code}). ${stderr.trim()}`));
    };
    startProgram(ENTRY, { onMessage, onExit }, [JSON.stringify({ ...read, places })]);
  });
}
