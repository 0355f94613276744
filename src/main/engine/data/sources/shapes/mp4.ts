import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeVideo } from '../../video/ffmpeg.ts';

/** Frames a second of a clip. */
const RATE = 4;

/**
 * A clip as an MP4 file: its name, and what is in it.
 *
 * @param frames 8-bit sRGB, [size, size, 3] each
 * @throws InputError where ffmpeg is not there or cannot encode
 */
export function encodeMp4(name: string, frames: readonly Uint8Array[], size: number): [name: string, content: Buffer] {
  const folder = mkdtempSync(join(tmpdir(), 'llavolta-clip-'));
  try {
    const file = join(folder, 'clip.mp4');
    encodeVideo(file, Buffer.concat(frames), { size, rate: RATE });
    return [name, readFileSync(file)];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
