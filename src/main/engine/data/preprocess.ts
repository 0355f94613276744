import { decodeImage, type RgbImage } from './image.ts';
import type { ImageProcessor } from './image-processor.ts';
import { type Box, type Canvas, plainCanvas, resample, type Size } from './resample.ts';

/** The mean colour in whole grey levels, rounded down as LLaVA does. */
const meanColour = ({ mean }: ImageProcessor): [number, number, number] => [
  Math.trunc(mean[0] * 255),
  Math.trunc(mean[1] * 255),
  Math.trunc(mean[2] * 255),
];

/** The image in the middle of a square of the mean colour. */
export function squareCanvas({ width, height }: RgbImage, processor: ImageProcessor): Canvas {
  const side = Math.max(width, height);
  const left = Math.floor((side - width) / 2);
  const top = Math.floor((side - height) / 2);
  return { width: side, height: side, left, top, colour: meanColour(processor) };
}

function targetSize({ width, height }: Canvas, { resize, imageSize }: ImageProcessor): Size {
  if (resize === 'square') return { width: imageSize, height: imageSize };
  const long = Math.trunc((resize * Math.max(width, height)) / Math.min(width, height));
  return width <= height ? { width: resize, height: long } : { width: long, height: resize };
}

/**
 * [pad to a square,] resize the shorter side, cut out the middle: the 8-bit steps of CLIP's processor, bit for bit as
 * with Pillow. SigLIP's resizes both sides to S, which leaves nothing to cut. @returns [S, S, 3]
 */
export function fitImage(image: RgbImage, processor: ImageProcessor): Uint8Array {
  const canvas = processor.padToSquare ? squareCanvas(image, processor) : plainCanvas(image);
  const target = targetSize(canvas, processor);
  const side = processor.imageSize;
  const crop: Box = {
    left: Math.floor((target.width - side) / 2),
    top: Math.floor((target.height - side) / 2),
    width: side,
    height: side,
  };
  return resample(image, canvas, target, crop);
}

/** Normalises 8-bit pixels in the order of operations of transformers, so with its float32 roundings. */
export class PixelNormaliser {
  /** [3, 256] */
  private readonly table = new Float32Array(3 * 256);

  constructor({ mean, std, rescaleFactor }: ImageProcessor) {
    for (let i = 0; i < this.table.length; i++) {
      const channel = i >> 8;
      const rescaled = Math.fround((i & 255) * rescaleFactor);
      const centred = Math.fround(rescaled - Math.fround(mean[channel] as number));
      this.table[i] = centred / Math.fround(std[channel] as number);
    }
  }

  /** Writes pixels [S, S, 3] as [3, S, S] into `target` from `offset` on. */
  write(pixels: Uint8Array, target: Float32Array, offset: number): void {
    const plane = pixels.length / 3;
    for (let i = 0; i < plane; i++) {
      for (let channel = 0; channel < 3; channel++) {
        target[offset + channel * plane + i] = this.table[
          (channel << 8) | (pixels[i * 3 + channel] as number)
        ] as number;
      }
    }
  }
}

/** Decodes and prepares one picture. @returns [3, S, S], normalised. @throws InputError naming the file. */
export async function preprocessImage(file: string, processor: ImageProcessor): Promise<Float32Array> {
  const pixels = fitImage(await decodeImage(file), processor);
  const values = new Float32Array(pixels.length);
  new PixelNormaliser(processor).write(pixels, values, 0);
  return values;
}
