/** The typed client of the studio's API: routes and inputs from the server's type, answers checked by `src/shared/api`. */
import { hc } from 'hono/client';
import type { z } from 'zod';
import type { StudioApi } from '../../../main/studio/server/api.ts';
import { ApiError, errorOfAnswer, unreachable, unreadable } from './api-error.ts';

export const studio = hc<StudioApi>('/');

/** What of an answer is read; hono's typed answers and the browser's are both this. */
type Answer = Pick<Response, 'ok' | 'status' | 'statusText' | 'url' | 'json' | 'text'>;

/**
 * Waits for an answer and checks it.
 *
 * @param schema of the body, from `src/shared/api`
 * @throws ApiError where the studio refuses, does not answer, or answers in another form
 */
export async function read<S extends z.ZodType>(schema: S, request: Promise<unknown>): Promise<z.output<S>> {
  const answer = await answered(request);
  if (!answer.ok) throw await errorOfAnswer(answer as Response);
  const parsed = schema.safeParse(await answer.json());
  if (!parsed.success) throw unreadable(parsed.error, answer.url);
  return parsed.data;
}

async function answered(request: Promise<unknown>): Promise<Answer> {
  try {
    return (await request) as Answer;
  } catch (error) {
    // An abandoned request is no failure of the studio.
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw error instanceof ApiError ? error : unreachable(error);
  }
}
