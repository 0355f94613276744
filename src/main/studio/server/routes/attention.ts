import { Hono } from 'hono';
import { newAttentionSchema } from '../../../../shared/api/attention.ts';
import type { Studio } from '../../studio.ts';
import { checked } from '../validate.ts';

/** `/attention`: measurements of attention by depth. */
export function attentionRoutes({ attention }: Studio) {
  return new Hono()
    .get('/', (context) => context.json({ studies: attention.list() }))
    .post('/', checked('json', newAttentionSchema), async (context) =>
      context.json(await attention.add(context.req.valid('json')), 201),
    )
    .delete('/:id', async (context) => {
      await attention.remove(context.req.param('id'));
      return context.json({ done: true } as const);
    });
}
