import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReadableStream } from 'node:stream/web';
import sharp from 'sharp';
import { MAX_PIXELS, MAX_UPLOAD_BYTES, type ImageType, type Upload } from '../../../shared/api/media.ts';
import type { AskedImage } from '../../../shared/api/compare.ts';
import { InputError } from '../../../shared/errors.ts';
import type { DatasetLibrary } from '../datasets/dataset-library.ts';
import { sampleMediaId } from '../datasets/sample-view.ts';
import { notFound, RequestError } from '../request-error.ts';
import type { Workspace } from '../workspace.ts';
import { imageType } from './image-type.ts';
import { uploadedFrames } from './video-upload.ts';

/** Pictures that are scaled at once: each takes a thread and its pixels. */
const SCALED_AT_ONCE = 4;
/** Types that every browser shows; others are sent as PNG. */
const SHOWN_TYPES: readonly ImageType[] = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];

/** A picture ready to be sent. */
export interface Picture {
  readonly type: ImageType;
  readonly bytes: Buffer<ArrayBuffer>;
}

const UPLOAD_ID = /^u\.([0-9a-f]{40})$/;
const SAMPLE_ID = /^s\.([0-9a-f]{12})\.(\d{1,10})\.(\d{1,6})$/;

/** Pictures by ids that name no path: those of datasets' samples, and those that were uploaded. */
export class MediaStore {
  private readonly workspace: Workspace;
  private readonly datasets: DatasetLibrary;
  private readonly scaling = new Set<Promise<unknown>>();

  constructor(workspace: Workspace, datasets: DatasetLibrary) {
    this.workspace = workspace;
    this.datasets = datasets;
  }

  /** Path of a picture. @throws RequestError where there is none of that id */
  async path(id: string): Promise<string> {
    const [, digest] = UPLOAD_ID.exec(id) ?? [];
    const file = digest === undefined ? await this.samplePath(id) : join(this.uploads, digest);
    if (file === undefined || !existsSync(file)) throw notFound('such picture');
    return file;
  }

  /**
   * A picture as a browser can show it.
   *
   * @param longSide pixels; larger pictures are scaled down to it
   * @throws RequestError where it is none, or too large
   */
  async picture(id: string, longSide?: number): Promise<Picture> {
    const file = await this.path(id);
    const type = await typeOf(file);
    if (!type)
      throw new RequestError(415, 'The file is no picture that can be shown', 'PNG, JPEG, WebP, GIF, BMP and TIFF are');
    if (longSide === undefined && SHOWN_TYPES.includes(type)) return { type, bytes: await readFile(file) };
    return this.scale(file, longSide);
  }

  /** Keeps a picture. @throws InputError where it is none, or too large */
  async add(bytes: Buffer): Promise<Upload> {
    const type = imageType(bytes);
    if (!type)
      throw new InputError({
        field: 'picture',
        rule: 'must be PNG, JPEG, WebP, GIF, BMP or TIFF, told by its content',
      });
    if (bytes.length > MAX_UPLOAD_BYTES) {
      throw new InputError({ field: 'picture', rule: `must have at most ${MAX_UPLOAD_BYTES / 1e6} MB` });
    }
    const { width, height } = await sizeOf(bytes);
    const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 40);
    const file = join(this.uploads, digest);
    if (!existsSync(file)) {
      await mkdir(this.uploads, { recursive: true });
      await writeFile(`${file}.tmp`, bytes);
      await rename(`${file}.tmp`, file);
    }
    return { id: `u.${digest}`, type, width, height, bytes: bytes.length };
  }

  /** Keeps frames of a video as pictures. @throws InputError where it is none that can be decoded, or too large */
  async addVideo(body: ReadableStream<Uint8Array>, frames: number): Promise<Upload[]> {
    await mkdir(this.uploads, { recursive: true });
    const pictures = await uploadedFrames(body, frames, this.uploads);
    const kept: Upload[] = [];
    for (const picture of pictures) kept.push(await this.add(picture));
    return kept;
  }

  /** Ids of the pictures that a question shows, in order. @throws RequestError where one is not there */
  async idsOf(images: readonly AskedImage[]): Promise<string[]> {
    const ids = images.map(async (image): Promise<string[]> => {
      if ('media' in image) {
        await this.path(image.media);
        return [image.media];
      }
      const paths = await this.datasets.pictures(image.dataset, image.sample);
      return paths.map((_, place) => sampleMediaId(image.dataset, image.sample, place));
    });
    return (await Promise.all(ids)).flat();
  }

  private get uploads(): string {
    return join(this.workspace.studio, 'uploads');
  }

  private async samplePath(id: string): Promise<string | undefined> {
    const [, dataset, record, place] = SAMPLE_ID.exec(id) ?? [];
    if (dataset === undefined) return undefined;
    return (await this.datasets.pictures(dataset, Number(record)))[Number(place)];
  }

  private async scale(file: string, longSide?: number): Promise<Picture> {
    // Another picture's failure is not ours.
    while (this.scaling.size >= SCALED_AT_ONCE) await Promise.race(this.scaling).catch(() => undefined);
    const work = scaled(file, longSide);
    this.scaling.add(work);
    return work.finally(() => this.scaling.delete(work));
  }
}

async function scaled(file: string, longSide: number | undefined): Promise<Picture> {
  const image = sharp(file, { limitInputPixels: MAX_PIXELS }).autoOrient();
  const fit = { width: longSide, height: longSide, fit: 'inside', withoutEnlargement: true } as const;
  try {
    const small = longSide === undefined ? image : image.resize(fit);
    return { type: 'image/png', bytes: Buffer.from(await small.png({ compressionLevel: 4 }).toBuffer()) };
  } catch (cause) {
    const rule = cause instanceof Error ? cause.message : 'unreadable';
    throw new RequestError(
      415,
      `The picture cannot be shown: ${rule}`,
      'It may be damaged, or larger than 50 million pixels',
    );
  }
}

async function typeOf(file: string): Promise<ImageType | undefined> {
  if (!(await stat(file)).isFile()) return undefined;
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
    return imageType(buffer.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

async function sizeOf(bytes: Buffer): Promise<{ width: number; height: number }> {
  const header = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch((cause: unknown) => {
      throw new InputError({ field: 'picture', rule: 'is damaged or cut off' }, { cause });
    });
  const { width, height } = header;
  if (width * height <= MAX_PIXELS) return { width, height };
  const rule = `must have ${MAX_PIXELS / 1e6} million pixels or fewer`;
  throw new InputError({ field: 'picture', value: `${width} x ${height}`, rule });
}
