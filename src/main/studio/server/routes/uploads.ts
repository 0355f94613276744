import { Hono } from 'hono';
import type { ReadableStream } from 'node:stream/web';
import { videoUploadQuerySchema } from '../../../../shared/api/media.ts';
import type { Studio } from '../../studio.ts';
import { checked } from '../validate.ts';

/** `POST /uploads`: the bytes of one picture as the body; `POST /uploads/video`: those of a video, of which frames are kept. */
export function uploadRoutes({ media }: Studio) {
  return new Hono()
    .post('/', async (context) => context.json(await media.add(Buffer.from(await context.req.arrayBuffer())), 201))
    .post('/video', checked('query', videoUploadQuerySchema), async (context) => {
      const body = (context.req.raw.body ?? new Blob([]).stream()) as ReadableStream<Uint8Array>;
      return context.json({ frames: await media.addVideo(body, context.req.valid('query').frames) }, 201);
    });
}
