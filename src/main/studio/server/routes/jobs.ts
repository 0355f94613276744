import { Hono } from 'hono';
import type { Studio } from '../../studio.ts';

/** `/jobs`: what runs and waits. */
export function jobRoutes({ board }: Studio) {
  return new Hono()
    .get('/', (context) => context.json({ jobs: board.list() }))
    .delete('/:id', (context) => {
      board.cancel(context.req.param('id'));
      return context.json({ done: true } as const);
    });
}
