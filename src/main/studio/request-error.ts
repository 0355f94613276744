import type { ApiFailure } from '../../shared/api/failures.ts';
import { codeOf, InputError, messageOf } from '../../shared/errors.ts';
import type { Failure } from '../../shared/run-record.ts';

/** A request that is not done, and why: its status is that of the HTTP answer. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 504;
  readonly whatToDo: string;

  constructor(status: RequestError['status'], cause: string, whatToDo: string) {
    super(cause);
    this.status = status;
    this.whatToDo = whatToDo;
  }
}

/** Something that was asked for by name and is not there. */
export const notFound = (what: string): RequestError =>
  new RequestError(404, `There is no ${what}`, 'Reload the list: it may have been removed');

/** Something that cannot be done as things stand now. */
export const conflict = (cause: string, whatToDo: string): RequestError => new RequestError(409, cause, whatToDo);

const SYSTEM_ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'Free some space on the disk',
  EACCES: 'Give yourself permission to that file or folder',
  EROFS: 'Choose a folder that can be written: this disk is read-only',
  ENOENT: 'See that the file is there',
};

/** Any error as cause, what to do and details, in the words of whoever threw it. */
export function failureFrom(error: unknown): ApiFailure {
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (error instanceof RequestError) return { cause: error.message, whatToDo: error.whatToDo, details: error.message };
  if (error instanceof InputError) {
    const { hint, ...problem } = error.problem;
    const cause = new InputError(problem).message;
    return { cause, whatToDo: hint ?? 'Mend it and try again', details: cause, problem: error.problem };
  }
  const known = error instanceof Error && 'failure' in error ? (error.failure as Failure) : undefined;
  if (known) return { ...known };
  const whatToDo = SYSTEM_ADVICE[codeOf(error) ?? ''] ?? 'This is a fault of the program: report it with the details';
  return { cause: messageOf(error), whatToDo, details };
}

/** `failureFrom` without the problem's fields, for records that have no place for them. */
export function plainFailure(error: unknown): Failure {
  const { cause, whatToDo, details } = failureFrom(error);
  return { cause, whatToDo, details };
}
