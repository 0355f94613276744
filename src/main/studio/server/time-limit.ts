import type { MiddlewareHandler } from 'hono';
import { RequestError } from '../request-error.ts';

/** The longest that an answer may take to begin. Whatever takes longer is a job, told by events. */
const LIMIT_MS = 120_000;

/** Gives up requests that are not answered in time. What they began goes on, so that nothing is left half done. */
export function timeLimit(limitMs = LIMIT_MS): MiddlewareHandler {
  return async (_, next) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((__, reject) => {
      timer = setTimeout(
        () => reject(new RequestError(504, 'The studio did not answer in time', 'Try again')),
        limitMs,
      );
      timer.unref();
    });
    try {
      await Promise.race([next(), late]);
    } finally {
      clearTimeout(timer);
    }
  };
}
