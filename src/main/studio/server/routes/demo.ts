import { Hono } from 'hono';
import { demoRequestSchema } from '../../../../shared/api/session.ts';
import type { Studio } from '../../studio.ts';
import { checked } from '../validate.ts';

/** `/demo`: a small dataset, a vision tower and a staged training, as runs like any other. */
export function demoRoutes({ demo }: Studio) {
  return new Hono()
    .get('/', (context) => context.json(demo.state))
    .post('/', checked('json', demoRequestSchema), (context) =>
      context.json(demo.start(context.req.valid('json')), 201),
    );
}
