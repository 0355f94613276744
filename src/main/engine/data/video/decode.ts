import { copyFile, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sampledFrames, spreadFrames, type FrameSampling } from '../../../../shared/frames.ts';
import { ffmpeg, ffprobe, inputArguments, MAX_VIDEO_PIXELS, unreadable } from './ffmpeg.ts';
import { probeVideo, VIDEO_STREAM } from './probe.ts';

/** Frames are kept with their longer side at most this long: models read smaller ones. */
const LONGEST_SIDE = 1024;
/** Any rate will do: frames are given new times, so that none is doubled or dropped for the sake of the old ones. */
const OUTPUT_RATE = 25;

/** Name of a frame's file, by its place among those that are shown. */
export const frameFileName = (place: number): string => `${place}.png`;

/**
 * Decodes the frames of a video that are shown into `0.png`, `1.png` … of a folder, which must exist.
 *
 * @returns bytes written
 * @throws InputError naming the video
 */
export async function decodeFrames(file: string, sampling: FrameSampling, folder: string): Promise<number> {
  const wanted = sampledFrames(probeVideo(file), sampling);
  const first = await decodeInto(folder, file, wanted);
  if (first.files.length === wanted.length) return putInPlace(folder, first.files, wanted);
  // Fewer came out than the container promises, so its end is damaged: what can be decoded is shared out anew.
  const whole = countDecodable(file);
  if (whole === 0) throw unreadable(file, first.stderr);
  const shared = spreadFrames(whole, wanted.length);
  const second = await decodeInto(folder, file, [...new Set(shared)]);
  if (second.files.length === 0) throw unreadable(file, second.stderr);
  return putInPlace(folder, second.files, shared);
}

/** Frames by their indices, rising, as files in a new folder below `parent`. */
async function decodeInto(
  parent: string,
  file: string,
  indices: readonly number[],
): Promise<{ files: string[]; stderr: string }> {
  const work = await mkdtemp(join(parent, 'work-'));
  const { stderr } = await ffmpeg(file, decodeArguments(file, indices), work);
  const names = (await readdir(work)).sort();
  return { files: names.map((name) => join(work, name)), stderr };
}

function decodeArguments(file: string, indices: readonly number[]): string[] {
  const chosen = indices.map((index) => `eq(n\\,${index})`).join('+');
  const side = (name: 'iw' | 'ih'): string => `'min(${LONGEST_SIDE},${name})'`;
  const filters = [
    `select=${chosen}`,
    `setpts=N/${OUTPUT_RATE}/TB`,
    `scale=w=${side('iw')}:h=${side('ih')}:force_original_aspect_ratio=decrease`,
    'format=rgb24',
  ];
  return [
    ...['-threads', '1', '-max_pixels', String(MAX_VIDEO_PIXELS)],
    ...inputArguments(file),
    ...['-map', `0:${VIDEO_STREAM}`, '-vf', filters.join(','), '-r', String(OUTPUT_RATE)],
    ...['-frames:v', String(indices.length), '-threads', '1', '-f', 'image2', '%04d.png'],
  ];
}

const countedSchema = z.object({ streams: z.array(z.object({ nb_read_frames: z.coerce.number().catch(0) })) });

/** How many frames of a video can be decoded; all of them are, for it. */
function countDecodable(file: string): number {
  const args = ['-select_streams', VIDEO_STREAM, '-count_frames', '-show_entries', 'stream=nb_read_frames'];
  return countedSchema.parse(JSON.parse(ffprobe(file, args))).streams[0]?.nb_read_frames ?? 0;
}

/** Gives the frames of `indices` their names. An index that repeats is a copy; one that is not there is the last that is. */
async function putInPlace(folder: string, files: readonly string[], indices: readonly number[]): Promise<number> {
  const distinct = [...new Set(indices)];
  const fileOf = (index: number): string => files[Math.min(distinct.indexOf(index), files.length - 1)] as string;
  let bytes = 0;
  for (const [place, index] of indices.entries()) {
    const target = join(folder, frameFileName(place));
    await copyFile(fileOf(index), target);
    bytes += (await stat(target)).size;
  }
  const works = (await readdir(folder)).filter((name) => name.startsWith('work-'));
  for (const name of works) await rm(join(folder, name), { recursive: true });
  return bytes;
}
