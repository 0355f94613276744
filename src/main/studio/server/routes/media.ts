import { Hono } from 'hono';
import { z } from 'zod';
import type { Studio } from '../../studio.ts';
import { checked } from '../validate.ts';

const sizeQuery = z.strictObject({ size: z.coerce.number().int().min(16).max(2048).optional() });

/** `/media/:id?size=…`: one picture, as large as it is or with its longer side scaled down. */
export function mediaRoutes({ media }: Studio) {
  return new Hono().get('/:id', checked('query', sizeQuery), async (context) => {
    const { type, bytes } = await media.picture(context.req.param('id'), context.req.valid('query').size);
    const headers = {
      'Content-Type': type,
      'Cache-Control': 'private, max-age=3600',
      // Opened by itself, a picture is nothing but pixels.
      'Content-Disposition': 'inline; filename="picture"',
    };
    return context.body(bytes, 200, headers);
  });
}
