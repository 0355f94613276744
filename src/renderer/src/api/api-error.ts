import type { z } from 'zod';
import { apiErrorSchema, type ApiFailure } from '../../../shared/api/failures.ts';
import { messageOf } from '../../../shared/errors.ts';

/** A request that was not done, in the words of the studio: cause, what to do, details. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly failure: ApiFailure;
  /** HTTP status; 0 = the studio did not answer. */
  readonly status: number;

  constructor(failure: ApiFailure, status: number, options?: ErrorOptions) {
    super(failure.cause, options);
    this.failure = failure;
    this.status = status;
  }
}

/** What any error is to its reader. */
export function failureOf(error: unknown): ApiFailure {
  if (error instanceof ApiError) return error.failure;
  return {
    cause: messageOf(error),
    whatToDo: 'Reload the page. If it happens again, report it with the details.',
    details: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}

/** The error of an answer that is not 2xx. */
export async function errorOfAnswer(answer: Response): Promise<ApiError> {
  const text = await answer.text();
  const place = `${answer.status} ${answer.statusText} ${answer.url}`.trim();
  try {
    return new ApiError(apiErrorSchema.parse(JSON.parse(text)).error, answer.status);
  } catch (cause) {
    const failure = {
      cause: `The studio answered ${answer.status}, without saying why.`,
      whatToDo: answer.status === 401 ? 'Open the studio again from its terminal or window.' : 'Try again.',
      details: `${place}\n${text.slice(0, 2000)}`,
    };
    return new ApiError(failure, answer.status, { cause });
  }
}

/** The error of a studio that does not answer. */
export function unreachable(cause: unknown): ApiError {
  const failure = {
    cause: 'The studio does not answer.',
    whatToDo:
      'See whether its window or terminal is still there, and start it again if not. Trainings go on from their checkpoint.',
    details: messageOf(cause),
  };
  return new ApiError(failure, 0, { cause });
}

/** The error of an answer that is not what the contract says. */
export function unreadable(error: z.ZodError, url: string): ApiError {
  const failure = {
    cause: 'The studio answered in a form that this page does not know.',
    whatToDo: 'Reload the page: it may be older than the studio.',
    details: `${url}\n${error.message.slice(0, 4000)}`,
  };
  return new ApiError(failure, 200, { cause: error });
}
