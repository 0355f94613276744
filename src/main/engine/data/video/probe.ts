import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../../../shared/errors.ts';
import { ffprobe, MAX_VIDEO_PIXELS } from './ffmpeg.ts';
import { videoFolder } from './video-cache.ts';
import { checkVideoFormat } from './video-format.ts';

/** Longer videos are refused: reading them through would take minutes. */
const [MAX_SECONDS, MAX_VIDEO_FRAMES] = [7200, 500_000];

const factsSchema = z.strictObject({
  /** Frames by the container: packets of the first video stream. */
  frames: z.int().min(1),
  /** Frames a second, where the container says it. */
  rate: z.number().gt(0).optional(),
  /** Pixels, as it is shown: turned where the file says so. */
  width: z.int().min(1),
  height: z.int().min(1),
});
/** What a video is, found without decoding it. */
export type VideoFacts = z.infer<typeof factsSchema>;

const streamSchema = z.object({
  width: z.int().optional(),
  height: z.int().optional(),
  avg_frame_rate: z.string().optional(),
  nb_read_packets: z.coerce.number().optional(),
  duration: z.coerce.number().optional(),
  side_data_list: z.array(z.object({ rotation: z.number().optional() })).optional(),
});
type Stream = z.infer<typeof streamSchema>;
const probedSchema = z.object({
  streams: z.array(streamSchema),
  format: z.object({ duration: z.coerce.number().optional() }).optional(),
});

/** `V`: pictures that are no cover art. */
export const VIDEO_STREAM = 'V:0';
const QUESTIONS = [
  ...['-select_streams', VIDEO_STREAM, '-count_packets', '-show_entries'],
  'stream=width,height,avg_frame_rate,nb_read_packets,duration:stream_side_data=rotation:format=duration',
];

/**
 * What a video file is. The answer is kept on disk: asking ffprobe takes some 50 ms.
 *
 * @throws InputError naming the file: no video, damaged, too long, too large, or ffmpeg is not there
 */
export function probeVideo(file: string): VideoFacts {
  const folder = videoFolder(file);
  const kept = join(folder, 'facts.json');
  const known = readFacts(kept);
  if (known) return known;
  checkVideoFormat(file);
  const facts = factsOf(file, probedSchema.parse(JSON.parse(ffprobe(file, QUESTIONS))));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${kept}.${process.pid}.tmp`, JSON.stringify(facts));
  renameSync(`${kept}.${process.pid}.tmp`, kept);
  return facts;
}

function readFacts(file: string): VideoFacts | undefined {
  try {
    return factsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

function factsOf(file: string, { streams, format }: z.infer<typeof probedSchema>): VideoFacts {
  const [stream] = streams;
  if (!stream) throw new InputError({ file, rule: 'holds no pictures: it has sound alone, or is cut off' });
  const { width = 0, height = 0, nb_read_packets: frames = 0 } = stream;
  if (frames === 0 || width === 0 || height === 0) throw new InputError({ file, rule: 'holds no frames' });
  const seconds = stream.duration ?? format?.duration;
  if ((seconds ?? 0) > MAX_SECONDS || frames > MAX_VIDEO_FRAMES) {
    const rule = `must not be longer than ${MAX_SECONDS / 60} minutes or ${MAX_VIDEO_FRAMES} frames`;
    throw new InputError({ file, rule, hint: 'Cut it into parts' });
  }
  if (width * height > MAX_VIDEO_PIXELS) {
    const rule = `must have frames of ${MAX_VIDEO_PIXELS / 1e6} million pixels or fewer`;
    throw new InputError({ file, rule, value: `${width} x ${height}` });
  }
  const rate = rateOf(stream);
  const [w, h] = isTurned(stream) ? [height, width] : [width, height];
  return { frames, width: w, height: h, ...(rate !== undefined && { rate }) };
}

/** `30000/1001` as a number; undefined where it is not known (`0/0`). */
function rateOf({ avg_frame_rate: text = '' }: Stream): number | undefined {
  const [numerator = 0, denominator = 0] = text.split('/').map(Number);
  const rate = numerator / denominator;
  return Number.isFinite(rate) && rate > 0 ? rate : undefined;
}

const isTurned = ({ side_data_list: sides = [] }: Stream): boolean =>
  sides.some(({ rotation = 0 }) => Math.abs(rotation) % 180 === 90);
