import { z } from 'zod';
import { count } from './numbers.ts';

/** Largest upload and largest picture that is decoded. */
export const MAX_UPLOAD_BYTES = 20_000_000;
export const MAX_PIXELS = 50_000_000;

/** Pictures that are shown: known by their first bytes, whatever their names say. */
export const IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/bmp', 'image/tiff'] as const;
export type ImageType = (typeof IMAGE_TYPES)[number];

/** Answer of `POST /uploads`, whose body is the picture's bytes. */
export const uploadSchema = z.strictObject({
  /** For `GET /media/:id` and for asking. Kept until the studio ends, or longer where the history of answers needs it. */
  id: z.string(),
  type: z.enum(IMAGE_TYPES),
  width: count,
  height: count,
  bytes: count,
});
export type Upload = z.infer<typeof uploadSchema>;
