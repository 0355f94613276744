import { Hono } from 'hono';
import type { Studio } from '../../studio.ts';

/** `/experiments`: several recipes × seeds, asked the same questions and compared. */
export function experimentRoutes({ experiments }: Studio) {
  return new Hono()
    .get('/', async (context) => context.json({ experiments: await experiments.list() }))
    .get('/:name', async (context) => context.json(await experiments.get(context.req.param('name'))))
    .get('/:name/report', async (context) =>
      context.json({ files: await experiments.report(context.req.param('name')) }),
    )
    .post('/:name/start', async (context) => context.json(await experiments.start(context.req.param('name')), 201))
    .post('/:name/stop', (context) => {
      experiments.stop(context.req.param('name'));
      return context.json({ done: true } as const);
    });
}
