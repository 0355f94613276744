import { Hono } from 'hono';
import type { Studio } from '../../studio.ts';

/** `/models`: what can be trained from, asked or evaluated. */
export function modelRoutes({ models }: Studio) {
  return new Hono().get('/', async (context) => context.json(await models.list()));
}
