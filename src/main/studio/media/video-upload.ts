import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { MAX_VIDEO_UPLOAD_BYTES } from '../../../shared/api/media.ts';
import { InputError } from '../../../shared/errors.ts';
import type { FrameSampling } from '../../../shared/frames.ts';
import { decodeVideos } from '../datasets/video-files.ts';

/** Lets bytes through up to a limit. */
function limited(limit: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= limit) done(null, chunk);
      else done(new InputError({ field: 'video', rule: `must have at most ${limit / 1e6} MB`, hint: 'Cut it' }));
    },
  });
}

/**
 * Frames of an uploaded video as PNG bytes, in order of time. The video itself is not kept.
 *
 * @param folder that exists, for the video while it is decoded
 * @param limit of the video, bytes
 * @throws InputError where it is too large, or none that can be decoded
 */
export async function uploadedFrames(
  body: ReadableStream<Uint8Array>,
  frames: FrameSampling,
  folder: string,
  limit = MAX_VIDEO_UPLOAD_BYTES,
): Promise<Buffer[]> {
  const work = await mkdtemp(join(folder, 'video-'));
  try {
    const file = join(work, 'video');
    await pipeline(Readable.fromWeb(body), limited(limit), createWriteStream(file));
    const [decoded] = await decodeVideos([file], frames);
    if (decoded instanceof InputError) throw withoutPath(decoded);
    return await Promise.all((decoded ?? []).map((frame) => readFile(frame)));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The page knows the video by the name that it gave it, not by where it lay here. */
function withoutPath({ problem: { file: _, ...problem } }: InputError): InputError {
  return new InputError({ ...problem, field: 'video' });
}
