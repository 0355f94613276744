import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../../shared/errors.ts';
import { fieldPath, ruleOf } from '../../../shared/validation.ts';
import { decodeImage, type RgbImage } from './image.ts';
import { type Box, type Canvas, plainCanvas, resample, type Size } from './resample.ts';

const sideSchema = z.int().min(1).max(4096);
const channelsSchema = z.tuple([z.number(), z.number(), z.number()]);
const BICUBIC = 3;

/** What is read of `preprocessor_config.json`; keys of other tools are left aside. */
const processorSchema = z.object({
  image_processor_type: z
    .string()
    .regex(/^(?:CLIP|Siglip|Llava)ImageProcessor(?:Fast|Pil)?$/, 'must be a CLIP, SigLIP or LLaVA image processor')
    .optional(),
  do_resize: z.literal(true).default(true),
  size: z.union(
    [z.object({ shortest_edge: sideSchema }), z.object({ height: sideSchema, width: sideSchema })],
    'must give shortest_edge, or height and width, of 1 to 4096',
  ),
  resample: z.literal(BICUBIC).default(BICUBIC),
  do_center_crop: z.boolean().default(false),
  crop_size: z.object({ height: sideSchema, width: sideSchema }).optional(),
  do_rescale: z.literal(true).default(true),
  rescale_factor: z
    .number()
    .positive()
    .default(1 / 255),
  do_normalize: z.literal(true).default(true),
  image_mean: channelsSchema,
  image_std: channelsSchema.refine((std) => std.every((value) => value > 0), 'must be above 0'),
  do_pad: z.boolean().default(false),
});

/** How pictures become model input: see `preprocessImage`. */
export interface ImageProcessor {
  /** Side S of the square that the model reads. */
  readonly imageSize: number;
  /** Length of the shorter side after resizing, or 'square' where both sides become `imageSize`. */
  readonly resize: number | 'square';
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  readonly rescaleFactor: number;
  /** Whether pictures are first laid in the middle of a square of the mean colour, as LLaVA-1.5 is trained. */
  readonly padToSquare: boolean;
}

/**
 * Reads the image processor of a model folder: `preprocessor_config.json`, or the `image_processor` of
 * `processor_config.json`.
 * @param padToSquare LLaVA's choice, which CLIP's files do not hold; where left out, the file's `do_pad` decides.
 * @throws InputError naming file and field.
 */
export function readImageProcessor(folder: string, padToSquare?: boolean): ImageProcessor {
  const own = join(folder, 'preprocessor_config.json');
  const shared = join(folder, 'processor_config.json');
  if (existsSync(own)) return parseImageProcessor(readJson(own), own, padToSquare);
  if (!existsSync(shared)) throw new InputError({ file: own, rule: 'is missing from the model folder' });
  const json = readJson(shared) as { image_processor?: unknown } | null;
  return parseImageProcessor(json?.image_processor, shared, padToSquare);
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new InputError({ file, rule: 'must be JSON' }, { cause });
  }
}

/** Reads the content of `preprocessor_config.json`; see `readImageProcessor`. */
export function parseImageProcessor(json: unknown, file: string, padToSquare?: boolean): ImageProcessor {
  const result = processorSchema.safeParse(json);
  if (!result.success) throw fieldError(json, result.error.issues[0] as z.core.$ZodIssue, file);
  const { size, crop_size: crop, ...config } = result.data;
  const isSquare = 'height' in size;
  const box = config.do_center_crop ? crop : isSquare ? size : undefined;
  if (!box || box.height !== box.width) {
    throw new InputError({
      file,
      field: 'crop_size',
      value: box,
      rule: 'must give a square, as the model reads squares',
    });
  }
  const resized = isSquare ? [size.height, size.width] : [size.shortest_edge];
  if (isSquare ? resized.some((side) => side !== box.height) : size.shortest_edge < box.height) {
    const rule = isSquare ? 'must equal crop_size' : `must not be below crop_size (${box.height})`;
    throw new InputError({ file, field: 'size', value: size, rule });
  }
  return {
    imageSize: box.height,
    resize: isSquare ? 'square' : size.shortest_edge,
    mean: config.image_mean,
    std: config.image_std,
    rescaleFactor: config.rescale_factor,
    padToSquare: padToSquare ?? config.do_pad,
  };
}

function fieldError(json: unknown, issue: z.core.$ZodIssue, file: string): InputError {
  const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], json);
  return new InputError({ file, field: fieldPath(issue.path), value, rule: ruleOf(issue, value) });
}

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
 * with Pillow. @returns [S, S, 3]
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
