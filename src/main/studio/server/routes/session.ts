import { Hono } from 'hono';
import type { Studio } from '../../studio.ts';

/** `/session`: what the studio is and where it works. */
export function sessionRoutes(studio: Studio) {
  return new Hono().get('/', async (context) => context.json(await studio.session()));
}
