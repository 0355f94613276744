import { z } from 'zod';
import { DEFAULT_FRAMES, MAX_FRAMES } from '../frames.ts';
import { count } from './numbers.ts';

/** Largest uploads, and largest picture that is decoded. */
export const MAX_UPLOAD_BYTES = 20_000_000;
export const MAX_VIDEO_UPLOAD_BYTES = 1_000_000_000;
export const MAX_PIXELS = 50_000_000;

/** Pictures that are shown: known by their first bytes, whatever their names say. */
const IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/bmp', 'image/tiff'] as const;
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

/** `POST /uploads/video?frames=8`, whose body is the video's bytes. */
export const videoUploadQuerySchema = z.strictObject({
  frames: z.coerce.number().int().min(1).max(MAX_FRAMES).default(DEFAULT_FRAMES),
});

/** Its answer: frames of the video, spread evenly, as pictures in order of time. */
export const videoUploadSchema = z.strictObject({ frames: z.array(uploadSchema).min(1) });
