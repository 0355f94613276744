/** Frames of video files as pictures: each has an address, and is decoded into a file of the cache when it is asked for. */
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { frameSamplingSchema, sampledFrames, type FrameSampling } from '../../../../shared/frames.ts';
import { InputError } from '../../../../shared/errors.ts';
import { decodeFrames, frameFileName } from './decode.ts';
import { probeVideo } from './probe.ts';
import { noteWritten, videoFolder } from './video-cache.ts';

/** Videos that are decoded at once. */
const DECODERS = 2;

/** Folders of frames that are being made, so that the frames of one video are decoded once. */
const underway = new Map<string, Promise<void>>();

/** No path holds it, so no picture's path is taken for the address of a frame. */
const SEPARATOR = '\0';

/**
 * Addresses of the frames of a video file that a model is shown, in order of time. Nothing is decoded for it.
 *
 * @param file absolute path
 * @throws InputError naming the file, where it is no video that can be read
 */
export function frameAddresses(file: string, sampling: FrameSampling): string[] {
  const shown = sampledFrames(probeVideo(file), sampling);
  return shown.map((_, place) => [file, JSON.stringify(sampling), place].join(SEPARATOR));
}

interface Address {
  readonly file: string;
  readonly sampling: FrameSampling;
  readonly place: number;
}

function parseAddress(address: string): Address | undefined {
  const [file = '', sampling, place] = address.split(SEPARATOR);
  if (sampling === undefined) return undefined;
  return { file, sampling: frameSamplingSchema.parse(JSON.parse(sampling)), place: Number(place) };
}

/** Width and height of a frame, as its video says, pixels; undefined where the address is that of a picture. */
export function frameSize(address: string): { readonly width: number; readonly height: number } | undefined {
  const frame = parseAddress(address);
  return frame && probeVideo(frame.file);
}

/**
 * The file of a picture: itself, or the decoded frame that an address names.
 *
 * @throws InputError naming the video
 */
export async function pictureFile(address: string): Promise<string> {
  const frame = parseAddress(address);
  if (!frame) return address;
  const folder = join(videoFolder(frame.file), folderName(frame.sampling));
  if (!existsSync(folder)) await decodeOnce(frame, folder);
  const file = join(folder, frameFileName(frame.place));
  if (existsSync(file)) return file;
  throw new InputError({ file: frame.file, rule: 'has changed since it was read' });
}

const folderName = (sampling: FrameSampling): string =>
  typeof sampling === 'number' ? String(sampling) : `${sampling.fps}fps-${sampling.maximum}`;

async function decodeOnce(frame: Address, folder: string): Promise<void> {
  let pending = underway.get(folder);
  if (!pending) {
    pending = inTurn(() => decodeTo(frame, folder)).finally(() => underway.delete(folder));
    underway.set(folder, pending);
  }
  return pending;
}

/** The folder is there whole or not at all. */
async function decodeTo({ file, sampling }: Address, folder: string): Promise<void> {
  const work = await mkdtemp(`${folder}.`);
  try {
    const bytes = await decodeFrames(file, sampling, work);
    // Another process may have been faster; its frames are the same.
    await rename(work, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
    noteWritten(bytes);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running === DECODERS) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}
