import { Hono } from 'hono';
import {
  askRequestSchema,
  batchQuerySchema,
  batchRequestSchema,
  exportQuerySchema,
} from '../../../../shared/api/compare.ts';
import { exportAsk, exportBatch } from '../../compare/export.ts';
import type { Studio } from '../../studio.ts';
import { download } from '../download.ts';
import { checked } from '../validate.ts';

const DONE = { done: true } as const;

/** `/compare`: questions to several models and settings side by side, and batches of them. */
export function compareRoutes({ answers, batches }: Studio) {
  return new Hono()
    .post('/asks', checked('json', askRequestSchema), async (context) =>
      context.json(await answers.add(context.req.valid('json')), 201),
    )
    .get('/asks/:id', (context) => context.json(answers.get(context.req.param('id'))))
    .post('/asks/:id/stop', (context) => {
      answers.stop(context.req.param('id'));
      return context.json(DONE);
    })
    .get('/history', (context) => context.json({ asks: answers.history() }))
    .delete('/history/:id', async (context) => {
      await answers.remove(context.req.param('id'));
      return context.json(DONE);
    })
    .get('/history/:id/export', checked('query', exportQuerySchema), (context) =>
      download(context, exportAsk(answers.get(context.req.param('id')), context.req.valid('query').format)),
    )
    .get('/batches', (context) => context.json({ batches: batches.list() }))
    .post('/batches', checked('json', batchRequestSchema), async (context) =>
      context.json(await batches.add(context.req.valid('json')), 201),
    )
    .get('/batches/:id', checked('query', batchQuerySchema), async (context) =>
      context.json(await batches.detail(context.req.param('id'), context.req.valid('query'))),
    )
    .delete('/batches/:id', async (context) => {
      await batches.remove(context.req.param('id'));
      return context.json(DONE);
    })
    .get('/batches/:id/export', checked('query', exportQuerySchema), async (context) => {
      const id = context.req.param('id');
      return download(
        context,
        exportBatch(batches.get(id), await batches.rowsOf(id), context.req.valid('query').format),
      );
    });
}
