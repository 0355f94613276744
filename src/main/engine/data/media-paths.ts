import { lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { type Conversation, frameNames, mediaPathProblem, RecordError } from '../../../shared/dataset.ts';
import { InputError } from '../../../shared/errors.ts';
import { DEFAULT_FRAMES, sampledFrames, type FrameSampling, type VideoLength } from '../../../shared/frames.ts';
import { FfmpegMissingError } from './video/ffmpeg.ts';
import { probeVideo } from './video/probe.ts';
import { frameAddresses } from './video/video-frames.ts';

export interface MediaFolderOptions {
  /** Which frames of a video are taken. Default: 8. */
  readonly frames?: FrameSampling | undefined;
  /** Is told of every video that is resolved. */
  readonly onVideo?: (length: VideoLength) => void;
}

/**
 * Turns the media paths of records into absolute paths of files that exist below one folder. A link may lead anywhere
 * inside the folder, never out of it.
 */
export class MediaFolder {
  readonly root: string;
  private readonly sampling: FrameSampling;
  private readonly onVideo: MediaFolderOptions['onVideo'];
  /** Real path by folder: samples share folders, and asking the system for each file would be the slowest part. */
  private readonly realFolders = new Map<string, string>();

  /**
   * @throws InputError where `root` is no folder. A root that does not exist is accepted: text-only data has none.
   */
  constructor(root: string, { frames, onVideo }: MediaFolderOptions = {}) {
    this.sampling = frames ?? DEFAULT_FRAMES;
    this.onVideo = onVideo;
    const info = statSync(root, { throwIfNoEntry: false });
    if (info && !info.isDirectory()) throw new InputError({ file: root, rule: 'must be a folder of images' });
    this.root = info ? realpathSync(root) : root;
  }

  /**
   * One address per visual group: paths of the images, or the frames of the video.
   *
   * @throws RecordError; InputError where a video cannot be read because ffmpeg is missing
   */
  resolve({ modality, media }: Conversation): string[] {
    if (modality !== 'video') return media.map((path) => this.imageFile(path));
    return media.flatMap((path) => this.frameFiles(path));
  }

  private imageFile(path: string): string {
    const { real, info } = this.locate(path, 'image');
    if (!info.isFile()) throw new RecordError(`image: ${path} is not a file`);
    return real;
  }

  private frameFiles(path: string): string[] {
    const { real, info } = this.locate(path, 'video');
    if (info.isFile()) return this.framesOfFile(path, real);
    const names = frameNames(readdirSync(real));
    if (names.length === 0)
      throw new RecordError(`video: the folder ${path} holds no frames (jpg, png, webp, gif, tiff)`);
    this.onVideo?.({ frames: names.length });
    const shown = sampledFrames({ frames: names.length }, this.sampling);
    return shown.map((index) => this.imageFile(join(path, names[index] as string)));
  }

  private framesOfFile(path: string, real: string): string[] {
    try {
      this.onVideo?.(probeVideo(real));
      return frameAddresses(real, this.sampling);
    } catch (error) {
      if (!(error instanceof InputError) || error instanceof FfmpegMissingError) throw error;
      const { rule, value, hint } = error.problem;
      const found = value === undefined ? '' : ` (found ${JSON.stringify(value)})`;
      throw new RecordError(`video: ${path}: ${rule}${found}${hint === undefined ? '' : `. ${hint}`}`);
    }
  }

  private locate(path: string, field: string): { real: string; info: { isFile(): boolean } } {
    const problem = mediaPathProblem(path);
    if (problem) throw new RecordError(`${field}: ${path} ${problem}`);
    const full = join(this.root, path);
    try {
      const link = lstatSync(full).isSymbolicLink();
      const real = link ? realpathSync(full) : join(this.realFolder(dirname(full)), basename(full));
      if (real !== this.root && !real.startsWith(this.root + sep)) {
        throw new RecordError(`${field}: ${path} is a link that leaves the images folder`);
      }
      return { real, info: statSync(real) };
    } catch (error) {
      if (error instanceof RecordError) throw error;
      throw new RecordError(`${field}: ${path} ${systemReason(error)} in the images folder`);
    }
  }

  private realFolder(folder: string): string {
    let real = this.realFolders.get(folder);
    if (real === undefined) this.realFolders.set(folder, (real = realpathSync(folder)));
    return real;
  }
}

function systemReason(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist';
  if (code === 'ELOOP') return 'is a link that leads to itself';
  return `cannot be read (${code})`;
}
