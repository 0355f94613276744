import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ApiError } from '../../../shared/api/failures.ts';
import { InputError } from '../../../shared/errors.ts';
import { failureFrom, RequestError } from '../request-error.ts';

function statusOf(error: unknown): RequestError['status'] | 500 {
  if (error instanceof RequestError) return error.status;
  return error instanceof InputError ? 400 : 500;
}

/** Hono refuses bodies that are no JSON by itself. */
const ofFramework = ({ message, status }: HTTPException): RequestError =>
  new RequestError(
    status === 413 ? 413 : 400,
    message || 'The request cannot be read',
    'Send it again as it should be',
  );

const wantsPage = (context: Context): boolean => !context.req.path.startsWith('/api') && context.req.method === 'GET';

/** Any error as the answer to a request: JSON for the API, plain text where a page was wanted. */
export function errorAnswer(thrown: unknown, context: Context): Response {
  const error = thrown instanceof HTTPException ? ofFramework(thrown) : thrown;
  const failure = failureFrom(error);
  const status = statusOf(error);
  if (status === 500) console.error(failure.details);
  if (wantsPage(context)) return context.text(`${failure.cause}.\n${failure.whatToDo}.\n`, status);
  return context.json({ error: failure } satisfies ApiError, status);
}
