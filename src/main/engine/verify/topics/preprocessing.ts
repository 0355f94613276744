import { decodeImage, type RgbImage } from '../../data/image.ts';
import { fitImage, PixelNormaliser, readImageProcessor, type ImageProcessor } from '../../data/preprocess.ts';
import { closePixels } from '../compare.ts';
import type { CaseFolder } from '../case-folder.ts';
import { TOLERANCES } from '../tolerances.ts';
import type { DataTopic } from '../topic.ts';

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
};
