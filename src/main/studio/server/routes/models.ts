import { Hono } from 'hono';
import { newExportSchema } from '../../../../shared/api/models.ts';
import type { Studio } from '../../studio.ts';
import { checked } from '../validate.ts';

/** `/models`: what can be trained from, asked or evaluated, and its way to Python. */
export function modelRoutes({ models, exports }: Studio) {
  return new Hono()
    .get('/', async (context) => context.json(await models.list()))
    .post('/exports', checked('json', newExportSchema), async (context) =>
      context.json(await exports.start(context.req.valid('json')), 201),
    )
    .get('/exports/:id', (context) => context.json(exports.get(context.req.param('id'))));
}
