import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { InputError } from '../../../shared/errors.ts';
import { DEFAULT_FRAMES, type FrameSampling } from '../../../shared/frames.ts';
import { runDatasetJob } from './dataset-job.ts';

/** Videos whose frames are remembered, and those that one process decodes. */
const [KEPT, PER_PROCESS] = [10_000, 32];

interface Asked {
  readonly file: string;
  readonly settle: (files: string[]) => void;
  readonly refuse: (error: unknown) => void;
}

/** Frames of video files, decoded by a process of its own. Those that are asked for while it works are taken together next. */
export class VideoFiles {
  private readonly known = new Map<string, Promise<string[]>>();
  private waiting: Asked[] = [];
  private isWorking = false;

  /**
   * The files of a video's frames, in order of time: those that training takes where its recipe says nothing else.
   *
   * @throws InputError naming the video
   */
  async frames(file: string): Promise<string[]> {
    const { size, mtimeMs } = await stat(file);
    const key = JSON.stringify([file, size, mtimeMs]);
    const found = await this.known.get(key)?.catch(() => undefined);
    // The cache of frames is bounded, so what was there may be gone.
    if (found?.every((frame) => existsSync(frame))) return found;
    if (this.known.size >= KEPT) this.known.clear();
    const frames = this.ask(file);
    this.known.set(key, frames);
    return frames;
  }

  private ask(file: string): Promise<string[]> {
    return new Promise((settle, refuse) => {
      this.waiting.push({ file, settle, refuse });
      if (!this.isWorking) void this.work();
    });
  }

  private async work(): Promise<void> {
    this.isWorking = true;
    while (this.waiting.length > 0) {
      const taken = this.waiting.slice(0, PER_PROCESS);
      this.waiting = this.waiting.slice(PER_PROCESS);
      await decode(taken).catch((error: unknown) => taken.forEach(({ refuse }) => refuse(error)));
    }
    this.isWorking = false;
  }
}

async function decode(asked: readonly Asked[]): Promise<void> {
  const videos = await decodeVideos(
    asked.map(({ file }) => file),
    DEFAULT_FRAMES,
  );
  asked.forEach(({ settle, refuse }, i) => {
    const frames = videos[i];
    if (frames instanceof InputError) refuse(frames);
    else settle(frames ?? []);
  });
}

/** Decodes frames of videos into files of the cache; for each the files in order of time, or why there are none. */
export async function decodeVideos(videos: string[], frames: FrameSampling): Promise<(string[] | InputError)[]> {
  const message = await runDatasetJob({ kind: 'frames', videos, frames }, () => undefined);
  if (message.type !== 'frames') throw new Error(`a job for frames ended with ${message.type}`);
  return message.videos.map((video) => (Array.isArray(video) ? video : new InputError(video)));
}
