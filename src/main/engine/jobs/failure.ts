import { InputError } from '../../../shared/errors.ts';
import type { Failure } from '../../../shared/run-record.ts';

/** An error of ours that knows what the user can do about it. */
export class JobError extends Error {
  override readonly name = 'JobError';
  readonly whatToDo: string;

  constructor(cause: string, whatToDo: string, options?: ErrorOptions) {
    super(cause, options);
    this.whatToDo = whatToDo;
  }
}

const SYSTEM_CODES: Readonly<Record<string, string>> = {
  ENOSPC: 'Free some space on the disk',
  EDQUOT: 'Free some space: your quota on the disk is used up',
  EROFS: 'Choose a folder that can be written: this disk is read-only',
  EACCES: 'Give yourself permission to that file or folder',
  ENOENT: 'See that the file is there',
  EMFILE: 'Let this process open more files (ulimit -n)',
  ENOMEM: 'Free some memory, or take a smaller batchSize or a larger accumulate',
};

function detailsOf(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const cause = error instanceof Error && error.cause !== undefined ? `\ncaused by ${detailsOf(error.cause)}` : '';
  return text + cause;
}

/** Any error as cause, what to do, and details for a report. */
export function failureOf(error: unknown): Failure {
  const details = detailsOf(error);
  if (error instanceof InputError) {
    const { hint, ...problem } = error.problem;
    return { cause: new InputError(problem).message, whatToDo: hint ?? 'Mend it and try again', details };
  }
  const cause = error instanceof Error ? error.message : String(error);
  if (error instanceof JobError) return { cause, whatToDo: error.whatToDo, details };
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  const whatToDo = SYSTEM_CODES[code] ?? 'This is a fault of the program: report it with the details';
  return { cause, whatToDo, details };
}
