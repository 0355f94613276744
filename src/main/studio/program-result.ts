import type { z } from 'zod';
import type { ProcessExit } from './exit-reason.ts';
import { startProgram } from './program.ts';

/**
 * Runs a program of ours that works one thing out in a process of its own, so that this one goes on serving meanwhile.
 *
 * @param file absolute path of the program
 * @param argument what it finds in `process.argv[2]`, as JSON
 * @param schema of its messages; the last one is the result
 * @param what names the work in an error
 * @throws Error where the process ends without a result
 */
export function programResult<T>(
  file: string,
  argument: unknown,
  { schema, what }: { readonly schema: z.ZodType<T>; readonly what: string },
): Promise<T> {
  return new Promise((resolve, reject) => {
    let last: z.ZodSafeParseResult<T> | undefined;
    const onMessage = (message: unknown): void => void (last = schema.safeParse(message));
    const onExit = ({ code, signal, stderr }: ProcessExit): void => {
      if (last?.success && code === 0) resolve(last.data);
      else reject(new Error(`${what} could not be worked out (${signal ?? `exit code ${code}`}). ${stderr}`.trim()));
    };
    startProgram(file, { onMessage, onExit }, [JSON.stringify(argument)]);
  });
}
