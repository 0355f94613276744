import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeImage, type RgbImage } from '../../../../src/main/engine/data/image.ts';
import {
  type ImageProcessor,
  parseImageProcessor,
  readImageProcessor,
} from '../../../../src/main/engine/data/image-processor.ts';
import { fitImage, preprocessImage, squareCanvas } from '../../../../src/main/engine/data/preprocess.ts';
import { plainCanvas, resample } from '../../../../src/main/engine/data/resample.ts';
import { readSafetensors } from '../../../../src/main/engine/model/safetensors.ts';
import { InputError } from '../../../../src/shared/errors.ts';
import { hasReference, REFERENCE } from '../../../helpers/reference.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const golden = join(import.meta.dirname, '../../../golden/preprocess');
interface Golden {
  readonly config: Record<string, unknown>;
  readonly plain: { readonly pixels: string; readonly every97th: number[] };
  readonly pad: { readonly pixels: string; readonly every97th: number[] };
}
const expected = JSON.parse(readFileSync(join(golden, 'expected.json'), 'utf8')) as Golden;

describe.each(['plain', 'pad'] as const)('preprocessing, %s', (way) => {
  const processor = parseImageProcessor(expected.config, 'expected.json', way === 'pad');
  const file = join(golden, 'coffee.png');

  it('gives the 8-bit pixels of transformers with Pillow', async () => {
    const pixels = fitImage(await decodeImage(file), processor);
    expect(Buffer.from(pixels).toString('base64')).toBe(expected[way].pixels);
  });

  it('normalises to the same floats, channels first', async () => {
    const values = await preprocessImage(file, processor);
    expect(values.length).toBe(3 * 56 * 56);
    expected[way].every97th.forEach((value, i) => expect(values[i * 97]).toBeCloseTo(value, 6));
  });
});

describe.skipIf(!hasReference).each(['clip-llama', 'siglip-qwen2'])('%s (needs ../shared/reference)', (name) => {
  const folder = join(REFERENCE, name);
  const files = ['cat', 'coffee', 'astronaut'].map((image) => join(folder, `images/${image}.png`));

  async function uint8(tensor: string): Promise<{ shape: readonly number[]; data: Uint8Array }> {
    const tensors = await readSafetensors(join(folder, 'preprocess.safetensors'));
    const { shape, data } = await tensors.read(tensor);
    await tensors.close();
    return { shape, data: Uint8Array.from(data) };
  }

  /** The whole resized image, of which the processor keeps the middle. */
  function resizeWhole(image: RgbImage, width: number, height: number): Uint8Array {
    return resample(image, plainCanvas(image), { width, height }, { left: 0, top: 0, width, height });
  }

  it.each([0, 1, 2])('equals the 8-bit steps of image %i', async (i) => {
    const processor = readImageProcessor(join(folder, 'model'));
    const image = await decodeImage(files[i] as string);
    const resized = await uint8(`resized_uint8.${i}`);
    expect(resizeWhole(image, resized.shape[1] as number, resized.shape[0] as number)).toEqual(resized.data);
    const square = await uint8(`square_uint8.${i}`);
    const canvas = squareCanvas(image, processor);
    expect([canvas.height, canvas.width, 3]).toEqual(square.shape);
    expect(resample(image, canvas, canvas, { ...canvas, left: 0, top: 0 })).toEqual(square.data);
  });

  it.each([
    ['pixel_values.pil', false],
    ['pixel_values_pad.pil', true],
  ])('equals %s', async (tensor, pad) => {
    const tensors = await readSafetensors(join(folder, 'preprocess.safetensors'));
    const { data } = await tensors.read(tensor);
    await tensors.close();
    const processor = readImageProcessor(join(folder, 'model'), pad);
    const values = await Promise.all(files.map((file) => preprocessImage(file, processor)));
    const largest = values
      .flatMap((one) => [...one])
      .reduce((most, value, i) => Math.max(most, Math.abs(value - (data[i] as number))), 0);
    expect(largest).toBeLessThanOrEqual(1e-6);
  });
});

describe('readImageProcessor', () => {
  it('reads either file, and the first where both are there', () => {
    const folder = temporaryFolder();
    expect(() => readImageProcessor(folder)).toThrow(/preprocessor_config\.json: is missing/);
    writeFileSync(join(folder, 'processor_config.json'), JSON.stringify({ image_processor: expected.config }));
    expect(readImageProcessor(folder)).toMatchObject({ imageSize: 56, resize: 56, padToSquare: false });
    writeFileSync(join(folder, 'preprocessor_config.json'), JSON.stringify({ ...expected.config, do_pad: true }));
    expect(readImageProcessor(folder).padToSquare).toBe(true);
    expect(readImageProcessor(folder, false).padToSquare).toBe(false);
    writeFileSync(join(folder, 'preprocessor_config.json'), '{');
    expect(() => readImageProcessor(folder)).toThrow('preprocessor_config.json: must be JSON');
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['another filter', { resample: 2 }, 'resample: must be 3'],
    ['tiles', { image_grid_pinpoints: [[336, 672]] }, 'image_grid_pinpoints: must be absent: pictures cut into tiles'],
    [
      'LLaVA-NeXT',
      { image_processor_type: 'LlavaNextImageProcessor' },
      'image_processor_type: must be a CLIP, SigLIP or',
    ],
    ['another processor', { image_processor_type: 'Qwen2VLImageProcessor' }, 'image_processor_type: '],
    ['a mean of two colours', { image_mean: [0, 0] }, 'image_mean'],
    ['a deviation of 0', { image_std: [1, 0, 1] }, 'image_std: '],
    ['no size', { size: {} }, 'size: '],
    ['a size of 0', { size: { shortest_edge: 0 } }, 'size.shortest_edge: must be 1 or more'],
    ['an oblong', { crop_size: { height: 56, width: 60 } }, 'crop_size: must give a square'],
    ['no crop', { do_center_crop: false }, 'crop_size: must give a square'],
    ['a crop beyond the size', { crop_size: { height: 60, width: 60 } }, 'size: must not be below crop_size (60)'],
    ['size unlike crop', { size: { height: 60, width: 60 } }, 'size: must equal crop_size'],
    ['no rescaling', { do_rescale: false }, 'do_rescale: must be true'],
  ])('refuses %s', (_, change, rule) => {
    const read = (): ImageProcessor =>
      parseImageProcessor({ ...expected.config, ...change }, 'preprocessor_config.json');
    expect(read).toThrow(InputError);
    expect(read).toThrow(`preprocessor_config.json: ${rule}`);
  });
});

describe('files that leave settings to their class', () => {
  const read = (json: object): ImageProcessor => parseImageProcessor(json, 'preprocessor_config.json');
  const half = [0.5, 0.5, 0.5];

  it('are completed with CLIP’s defaults, or SigLIP’s', () => {
    const clip = { imageSize: 224, resize: 224, mean: [0.48145466, 0.4578275, 0.40821073], rescaleFactor: 1 / 255 };
    expect(read({})).toMatchObject(clip);
    expect(read({ image_processor_type: 'LlavaImageProcessor', do_pad: true })).toMatchObject({
      ...clip,
      padToSquare: true,
    });
    const siglip = { imageSize: 224, resize: 'square', mean: half, std: half };
    for (const type of ['SiglipImageProcessor', 'SiglipImageProcessorFast'])
      expect(read({ image_processor_type: type })).toMatchObject(siglip);
    expect(read({ feature_extractor_type: 'SiglipFeatureExtractor' })).toMatchObject(siglip);
  });

  it('may give plain numbers as sides, as the first CLIP files do', () => {
    const old = { feature_extractor_type: 'CLIPFeatureExtractor', size: 336, crop_size: 336 };
    expect(read(old)).toMatchObject({ imageSize: 336, resize: 336 });
  });
});

describe('fitImage', () => {
  const processor = parseImageProcessor(expected.config, 'f', true);
  const fill = (width: number, height: number): RgbImage => ({
    width,
    height,
    pixels: new Uint8Array(width * height * 3).fill(200),
  });

  it('lays the longest images it may get on a square without drawing it', () => {
    for (const [width, height] of [
      [2, 400],
      [400, 2],
      [1, 1],
    ] as const) {
      const pixels = fitImage(fill(width, height), processor);
      expect(pixels.length).toBe(56 * 56 * 3);
      expect([...pixels.subarray(0, 3)]).toEqual(width === height ? [200, 200, 200] : [122, 116, 104]);
    }
  });
});
