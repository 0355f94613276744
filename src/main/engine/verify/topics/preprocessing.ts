import { decodeImage, type RgbImage } from '../../data/image.ts';
import { readImageProcessor, type ImageProcessor } from '../../data/image-processor.ts';
import { fitImage, PixelNormaliser, squareCanvas } from '../../data/preprocess.ts';
import { resample } from '../../data/resample.ts';
import { closePixels, equal } from '../compare.ts';
import type { CaseFolder } from '../case-folder.ts';
import { TOLERANCES } from '../tolerances.ts';
import type { DataTopic, Finding } from '../topic.ts';

const FILE = 'preprocess.safetensors';
const TOPIC = 'preprocessing';

/** Pixel values of all images of the case: [I, 3, S, S]. */
function pixelValues(images: readonly RgbImage[], processor: ImageProcessor): Float32Array {
  const size = 3 * processor.imageSize ** 2;
  const values = new Float32Array(images.length * size);
  const normaliser = new PixelNormaliser(processor);
  images.forEach((image, i) => normaliser.write(fitImage(image, processor), values, i * size));
  return values;
}

async function decodeImages(folder: CaseFolder): Promise<RgbImage[]> {
  const images: RgbImage[] = [];
  for (const { file } of folder.info.images) images.push(await decodeImage(folder.path(file)));
  return images;
}

/** Values of 8 bits are their own grey levels. */
const UNIT_STD = [1 / 255, 1 / 255, 1 / 255];

/** The middle of an image [h, w, 3] as processors cut it out: [side, side, 3]. */
function centre({ shape, data }: { shape: readonly number[]; data: Float32Array }, side: number): Float32Array {
  const [height, width] = shape as [number, number];
  const [top, left] = [Math.floor((height - side) / 2), Math.floor((width - side) / 2)];
  return Float32Array.from({ length: side * side * 3 }, (_, i) => {
    const [y, x] = [Math.floor(i / (3 * side)), Math.floor(i / 3) % side];
    return data[((top + y) * width + left + x) * 3 + (i % 3)] as number;
  });
}

/** 8-bit steps on the way: the picture on its square, and resized before the crop. */
async function* stepChecks(folder: CaseFolder, images: readonly RgbImage[]): AsyncGenerator<Finding> {
  const plain = readImageProcessor(folder.path('model'), false);
  const side = plain.imageSize;
  for (const [i, image] of images.entries()) {
    const [square, resized] = [`square_uint8.${i}`, `resized_uint8.${i}`];
    if (folder.has(FILE, square)) {
      const canvas = squareCanvas(image, plain);
      // Resizing to the same size changes nothing: what is left is the square.
      const ours = resample(image, canvas, canvas, { left: 0, top: 0, width: canvas.width, height: canvas.height });
      yield { topic: TOPIC, name: square, ...equal(ours, (await folder.floats(FILE, square)).data) };
    }
    if (folder.has(FILE, resized)) {
      const expected = centre(await folder.floats(FILE, resized), side);
      const share = TOLERANCES.greyLevelShare;
      yield { topic: TOPIC, name: resized, ...closePixels(fitImage(image, plain), expected, side, UNIT_STD, share) };
    }
  }
}

/**
 * Pixel values of the case's pictures, plain and padded to squares, as Pillow resamples them. torchvision's resampling
 * rounds elsewhere: it is held to one grey level, for any number of pixels.
 */
export const preprocessingTopic: DataTopic = async function* (folder) {
  const names = folder.tensorsOf(FILE).filter((name) => /^pixel_values(_pad)?\.(pil|torchvision)$/.test(name));
  if (names.length === 0) return;
  const images = await decodeImages(folder);
  for (const name of names) {
    const processor = readImageProcessor(folder.path('model'), name.startsWith('pixel_values_pad'));
    const expected = (await folder.floats(FILE, name)).data;
    const share = name.endsWith('.pil') ? TOLERANCES.greyLevelShare : 1;
    const ours = pixelValues(images, processor);
    yield { topic: TOPIC, name, ...closePixels(ours, expected, processor.imageSize, processor.std, share) };
  }
  yield* stepChecks(folder, images);
};
