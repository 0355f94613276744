import { z } from 'zod';
import { InputError } from './errors.ts';
import { sum } from './sum.ts';

/** Frames of one video at most: as many as a question may show pictures. */
export const MAX_FRAMES = 100;
/** As Video-LLaVA takes them. */
export const DEFAULT_FRAMES = 8;

const frameCount = z.int().min(1).max(MAX_FRAMES);

/** Which frames of a video a model is shown: so many, spread evenly, or so many a second. */
export const frameSamplingSchema = z.union([
  frameCount,
  z.strictObject({
    /** Frames a second of the video. */
    fps: z.number().gt(0).max(1000),
    /** Where that would be more, so many are spread evenly instead. */
    maximum: frameCount,
  }),
]);
export type FrameSampling = z.infer<typeof frameSamplingSchema>;

const NOTATION = /^(\d{1,4}(?:\.\d{1,4})?)fps\/(\d{1,4})$/;

/** Reads `8` or, for 2 frames a second and 32 at most, `2fps/32`. @throws InputError */
export function parseFrames(field: string, text: string): FrameSampling {
  const [, fps, maximum] = NOTATION.exec(text) ?? [];
  const given = fps === undefined ? Number(text || NaN) : { fps: Number(fps), maximum: Number(maximum) };
  const result = frameSamplingSchema.safeParse(given);
  if (result.success) return result.data;
  const rule = `must be a whole number from 1 to ${MAX_FRAMES}, or frames a second with a maximum, e.g. 2fps/32`;
  throw new InputError({ field, value: text, rule });
}

/** What is known of a video before it is decoded. */
export interface VideoLength {
  /** Frames, 1 or more. */
  readonly frames: number;
  /** Frames a second; undefined where nothing says it, as of a folder of frames. */
  readonly rate?: number | undefined;
}

/**
 * `count` places among `frames` frames, evenly spread: floor(i (frames - 1) / (count - 1)), as Video-LLaVA takes them
 * (`linspace`). The first and the last frame are among them; of one alone it is the middle one.
 *
 * @param count 1 or more. Where it is more than `frames`, frames repeat
 */
export function spreadFrames(frames: number, count: number): number[] {
  if (count === 1) return [Math.floor((frames - 1) / 2)];
  return Array.from({ length: count }, (_, i) => Math.floor((i * (frames - 1)) / (count - 1)));
}

/**
 * Indices of the frames that are shown, in order of time, each once: a video shorter than asked for gives all it has.
 * By frames a second it is the first frame, then every (rate / fps)-th one, rounded down. Where nothing tells the rate,
 * `maximum` alone counts.
 */
export function sampledFrames({ frames, rate }: VideoLength, sampling: FrameSampling): number[] {
  if (typeof sampling === 'number') return spreadFrames(frames, Math.min(sampling, frames));
  const most = Math.min(sampling.maximum, frames);
  const step = Math.max(1, (rate ?? 0) / sampling.fps);
  const count = Math.ceil(frames / step);
  if (rate === undefined || count > most) return spreadFrames(frames, most);
  return Array.from({ length: count }, (_, i) => Math.floor(i * step));
}

/** Frames of a video that are shown, on average; 0 of no videos. */
export function meanFrames(videos: readonly VideoLength[], sampling: FrameSampling): number {
  return sum(videos.map((video) => sampledFrames(video, sampling).length)) / Math.max(1, videos.length);
}
