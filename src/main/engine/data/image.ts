import { open } from 'node:fs/promises';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { InputError } from '../../../shared/errors.ts';
import { pictureFile } from './video/video-frames.ts';

/** Pixels of a decoded picture. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3] */
  readonly pixels: Uint8Array;
}

const MAX_IMAGE_PIXELS = 50_000_000;
/** Long side by short side. Beyond, scaling the short side to a model's input makes the long one enormous. */
const MAX_ASPECT_RATIO = 200;

const ascii = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.subarray(from, to)).toString('latin1');

/** The format that the first bytes of a file show, whatever its name says; undefined for formats that are not accepted. */
function imageFormat(head: Uint8Array): 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | undefined {
  if (ascii(head, 0, 3) === '\xff\xd8\xff') return 'jpeg';
  if (ascii(head, 0, 8) === '\x89PNG\r\n\x1a\n') return 'png';
  if (ascii(head, 0, 4) === 'RIFF' && ascii(head, 8, 12) === 'WEBP') return 'webp';
  if (/^GIF8[79]a/.test(ascii(head, 0, 6))) return 'gif';
  if (/^(?:II\*\0|MM\0\*)/.test(ascii(head, 0, 4))) return 'tiff';
  return undefined;
}

async function checkFormat(file: string): Promise<void> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    const { code } = cause as NodeJS.ErrnoException;
    throw new InputError({ file, rule: `the image cannot be read (${code})` }, { cause });
  });
  try {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(256), 0, 256, 0);
    if (bytesRead === 0) throw new InputError({ file, rule: 'the image file is empty (0 bytes)' });
    if (imageFormat(buffer)) return;
    const isSvg = /^(?:\xef\xbb\xbf)?\s*<(?:\?xml|!--|!DOCTYPE|svg)/i.test(ascii(buffer, 0, bytesRead));
    const rule = isSvg ? 'is an SVG drawing, not a picture of pixels' : 'is not an image that can be read';
    throw new InputError({
      file,
      rule,
      hint: 'JPEG, PNG, WebP, GIF and TIFF are accepted, told by content, not by name',
    });
  } finally {
    await handle.close();
  }
}

function checkSize(file: string, { width, height }: Metadata): void {
  if (width * height > MAX_IMAGE_PIXELS) {
    const rule = `must have ${MAX_IMAGE_PIXELS / 1e6} million pixels or fewer`;
    throw new InputError({ file, field: 'size', value: `${width} x ${height}`, rule });
  }
  if (Math.max(width, height) > MAX_ASPECT_RATIO * Math.min(width, height)) {
    const rule = `must not be more than ${MAX_ASPECT_RATIO} times as long as wide`;
    throw new InputError({ file, field: 'size', value: `${width} x ${height}`, rule });
  }
}

function unreadable(file: string, cause: unknown): InputError {
  const reason = (cause as Error).message.split('\n')[0];
  return new InputError({ file, rule: `the image is damaged or cut off (${reason})` }, { cause });
}

/**
 * Decodes a picture as Hugging Face's processors see it after exif_transpose and Pillow's `convert('RGB')`: turned by its
 * EXIF orientation; alpha dropped, not blended; palette and grey widened; colour profiles left aside; the high byte of
 * 16-bit samples (Pillow clips 16-bit grey to white instead, which leaves nothing to see); first frame of animations
 * (where a GIF's transparent pixels come out black).
 * The size is read from the header and checked before anything is decoded.
 * @param address path of a picture, or address of a video's frame
 * @throws InputError naming the file: no image, too large, too narrow, damaged.
 */
export async function decodeImage(address: string): Promise<RgbImage> {
  const file = await pictureFile(address);
  await checkFormat(file);
  // Only the header is read here; with a limit sharp would refuse it before we can tell its size.
  const header = await sharp(file, { limitInputPixels: false })
    .metadata()
    .catch((cause: unknown) => {
      throw unreadable(file, cause);
    });
  checkSize(file, header);
  const image = sharp(file, { limitInputPixels: MAX_IMAGE_PIXELS, failOn: 'error', ignoreIcc: true }).autoOrient();
  try {
    return header.space === 'cmyk' ? await readCmyk(image) : await readRgb(image);
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

async function readRgb(image: Sharp): Promise<RgbImage> {
  const rgb = image.removeAlpha().toColourspace('srgb').raw({ depth: 'uchar' });
  const { data, info } = await rgb.toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, pixels: data };
}

/** Pillow's plain conversion, (255 - K) · (255 - C) / 255, rather than one by colour profiles. */
async function readCmyk(image: Sharp): Promise<RgbImage> {
  const cmyk = image.pipelineColourspace('cmyk').toColourspace('cmyk').raw();
  const { data, info } = await cmyk.toBuffer({ resolveWithObject: true });
  const pixels = new Uint8Array(info.width * info.height * 3);
  for (let from = 0, to = 0; to < pixels.length; from += info.channels) {
    const light = 255 - (data[from + 3] as number);
    for (let channel = 0; channel < 3; channel++)
      pixels[to++] = light - divideBy255((data[from + channel] as number) * light);
  }
  return { width: info.width, height: info.height, pixels };
}

/** Rounded x / 255 by shifts, as Pillow computes it. */
function divideBy255(x: number): number {
  const shifted = x + 128;
  return ((shifted >> 8) + shifted) >> 8;
}
