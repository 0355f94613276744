import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { MAX_UPLOAD_BYTES, MAX_VIDEO_UPLOAD_BYTES } from '../../../shared/api/media.ts';
import { RequestError } from '../request-error.ts';
import type { Studio } from '../studio.ts';
import { createApi } from './api.ts';
import { errorAnswer } from './errors.ts';
import { guard, securityHeaders, type GuardOptions } from './guards.ts';
import { staticFiles } from './static-files.ts';
import { timeLimit } from './time-limit.ts';

/** The largest JSON body: a recipe of a million characters with its escapes. */
const MAX_BODY_BYTES = 4_000_000;

/** Of requests whose body is a file. */
const BODY_LIMITS: Readonly<Record<string, number>> = {
  '/api/uploads': MAX_UPLOAD_BYTES,
  '/api/uploads/video': MAX_VIDEO_UPLOAD_BYTES,
};

const tooLarge = (): never => {
  throw new RequestError(413, 'The request is too large', 'Send less at once');
};

export interface AppOptions extends GuardOptions {
  /** Folder of the built user interface. */
  readonly pages: string;
}

/** Everything that the studio answers: the API and the pages, behind the guards. */
export function createApp(studio: Studio, options: AppOptions) {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.onError(errorAnswer);
  app.notFound((context) =>
    errorAnswer(new RequestError(404, `There is nothing at ${context.req.path}`, 'See the address'), context),
  );
  app.use(securityHeaders);
  app.use(guard(options));
  app.use(async (context, next) => {
    const maxSize = BODY_LIMITS[context.req.path] ?? MAX_BODY_BYTES;
    return bodyLimit({ maxSize, onError: tooLarge })(context, next);
  });
  app.use('/api/*', timeLimit());
  app.route('/', createApi(studio));
  app.get('/api/*', (context) => context.notFound());
  app.get('*', staticFiles(options.pages));
  return app;
}
