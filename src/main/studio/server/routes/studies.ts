import { Hono } from 'hono';
import { newStudySchema, studyExportSchema } from '../../../../shared/api/studies.ts';
import type { Studio } from '../../studio.ts';
import { download } from '../download.ts';
import { checked } from '../validate.ts';

/** `/studies/redundancy`: test-time redundancy studies. */
export function studyRoutes({ studies }: Studio) {
  return new Hono()
    .get('/redundancy', async (context) => context.json({ studies: await studies.list() }))
    .post('/redundancy', checked('json', newStudySchema), async (context) =>
      context.json(await studies.add(context.req.valid('json')), 201),
    )
    .get('/redundancy/:name', async (context) => context.json(await studies.detail(context.req.param('name'))))
    .post('/redundancy/:name/resume', async (context) => context.json(await studies.resume(context.req.param('name'))))
    .post('/redundancy/:name/cancel', async (context) => context.json(await studies.cancel(context.req.param('name'))))
    .delete('/redundancy/:name', async (context) => {
      await studies.remove(context.req.param('name'));
      return context.json({ done: true } as const);
    })
    .get('/redundancy/:name/export', checked('query', studyExportSchema), async (context) =>
      download(context, await studies.exported(context.req.param('name'), context.req.valid('query').format)),
    );
}
