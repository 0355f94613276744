/** Small videos made by ffmpeg. Frame i is one grey, 16 + 4 i, so that a decoded frame tells which it was. */
import { spawnSync } from 'node:child_process';
import { describe } from 'vitest';
import sharp from 'sharp';

/** Why videos cannot be made here; undefined where they can. */
export const FFMPEG_OBSTACLE =
  spawnSync('ffmpeg', ['-version']).error === undefined ? undefined : 'ffmpeg was not found';

/** Tests that need ffmpeg; where it is missing they are skipped, and say so. */
export function describeWithFfmpeg(title: string, tests: () => void): void {
  if (FFMPEG_OBSTACLE !== undefined) console.warn(`Skipped: ${title}. In short: ${FFMPEG_OBSTACLE}.`);
  const suffix = FFMPEG_OBSTACLE === undefined ? '' : ` (skipped: ${FFMPEG_OBSTACLE})`;
  describe.skipIf(FFMPEG_OBSTACLE !== undefined)(`${title}${suffix}`, tests);
}

/** Runs ffmpeg. @throws where it fails */
export function runFfmpeg(args: readonly string[], input?: Uint8Array): void {
  const { status, stderr } = spawnSync('ffmpeg', ['-y', '-v', 'error', ...args], { input: input ?? '' });
  if (status !== 0) throw new Error(`ffmpeg: ${stderr.toString()}`);
}

export interface TestVideo {
  readonly frames: number;
  readonly width?: number;
  readonly height?: number;
  /** Further arguments for the output, e.g. a codec. */
  readonly args?: readonly string[];
}

const grey = (frame: number): number => 16 + 4 * frame;

/** Writes a video of 10 frames a second; its name says which container. */
export function writeVideo(file: string, { frames, width = 32, height = 16, args = [] }: TestVideo): void {
  const pixels = Buffer.concat(
    Array.from({ length: frames }, (_, frame) => Buffer.alloc(width * height * 3, grey(frame))),
  );
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${width}x${height}`, '-r', '10', '-i', 'pipe:0'];
  // Key frames everywhere: a damaged end then spoils no frame before it.
  const codec = args.includes('-c:v') ? [] : ['-c:v', 'mpeg4', '-q:v', '1', '-g', '1'];
  runFfmpeg([...raw, ...codec, ...args, file], pixels);
}

/** Which frame a picture is, by its grey. */
export async function shownFrame(picture: string): Promise<number> {
  const { data } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return Math.round(((data[0] as number) - grey(0)) / 4);
}
