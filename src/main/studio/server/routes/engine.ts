import { Hono } from 'hono';
import { engineQuerySchema } from '../../../../shared/api/engine.ts';
import type { Studio } from '../../studio.ts';
import { checked } from '../validate.ts';

/** `/engine`: what training and answering run on, and what the disk holds. */
export function engineRoutes({ engine }: Studio) {
  return new Hono()
    .get('/', checked('query', engineQuerySchema), async (context) =>
      context.json(await engine.answer(context.req.valid('query').fresh === 'true')),
    )
    .get('/storage', async (context) => context.json(await engine.storage()));
}
