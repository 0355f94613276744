import type { ImageProcessor } from '../data/image-processor.ts';
import { preprocessImage } from '../data/preprocess.ts';

/** Pixels of pictures, decoded side by side: [I, 3, S, S]. @throws InputError naming the file */
export async function loadPixels(images: readonly string[], processor: ImageProcessor): Promise<Float32Array> {
  const loaded = await Promise.all(images.map((image) => preprocessImage(image, processor)));
  const pixels = new Float32Array(loaded.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const values of loaded) {
    pixels.set(values, at);
    at += values.length;
  }
  return pixels;
}
