import { Hono } from 'hono';
import { filesQuerySchema } from '../../../../shared/api/files.ts';
import { listFolder } from '../../datasets/browse.ts';
import type { Studio } from '../../studio.ts';
import { checked } from '../validate.ts';

/** `/files`: folders and conversation files below the root. */
export function fileRoutes({ root }: Studio) {
  return new Hono().get('/', checked('query', filesQuerySchema), async (context) =>
    context.json(await listFolder(root, context.req.valid('query').path)),
  );
}
