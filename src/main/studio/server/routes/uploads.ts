import { Hono } from 'hono';
import type { Studio } from '../../studio.ts';

/** `POST /uploads`: the bytes of one picture as the body. */
export function uploadRoutes({ media }: Studio) {
  return new Hono().post('/', async (context) =>
    context.json(await media.add(Buffer.from(await context.req.arrayBuffer())), 201),
  );
}
