import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { PictureFit } from '../../../shared/answer.ts';
import { InputError } from '../../../shared/errors.ts';
import { fieldPath, ruleOf } from '../../../shared/validation.ts';

/** Mean and standard deviation of CLIP's training images per channel (RGB, 0–1); transformers' OPENAI_CLIP_MEAN and _STD. */
export const CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073] as const;
export const CLIP_STD = [0.26862954, 0.26130258, 0.27577711] as const;

/** What SigLIP's images are centred and scaled by; transformers' IMAGENET_STANDARD_MEAN and _STD. */
export const SIGLIP_MEAN = [0.5, 0.5, 0.5] as const;
export const SIGLIP_STD = [0.5, 0.5, 0.5] as const;

const sideSchema = z.int().min(1).max(4096);
const squareSchema = z.object({ height: sideSchema, width: sideSchema });
const channelsSchema = z.tuple([z.number(), z.number(), z.number()]);
const BICUBIC = 3;

/** What transformers' classes take where the file says nothing; LLaVA's own is CLIP's with `do_pad`. */
const CLIP_DEFAULTS = {
  size: { shortest_edge: 224 },
  do_center_crop: true,
  crop_size: { height: 224, width: 224 },
  image_mean: [...CLIP_MEAN],
  image_std: [...CLIP_STD],
};
const SIGLIP_DEFAULTS = {
  size: { height: 224, width: 224 },
  do_center_crop: false,
  image_mean: [...SIGLIP_MEAN],
  image_std: [...SIGLIP_STD],
};

const TILES = 'must be absent: pictures cut into tiles (anyres, LLaVA-NeXT) are not supported';

/** The file with its class's defaults; old files give sides as plain numbers. */
function completed(json: unknown): unknown {
  if (typeof json !== 'object' || json === null) return json;
  const given = json as Record<string, unknown>;
  const isSiglip = /^siglip/i.test(String(given['image_processor_type'] ?? given['feature_extractor_type']));
  const whole: Record<string, unknown> = { ...(isSiglip ? SIGLIP_DEFAULTS : CLIP_DEFAULTS), ...given };
  const { size, crop_size: crop, ...others } = whole;
  return {
    ...others,
    size: typeof size === 'number' ? { shortest_edge: size } : size,
    crop_size: typeof crop === 'number' ? { height: crop, width: crop } : crop,
  };
}

/** What is read of `preprocessor_config.json`; keys of other tools are left aside. */
const processorSchema = z.object({
  image_processor_type: z
    .string()
    .regex(/^(?:CLIP|Siglip|Llava)ImageProcessor(?:Fast|Pil)?$/, 'must be a CLIP, SigLIP or LLaVA image processor')
    .optional(),
  image_grid_pinpoints: z.custom<null>((given) => given === null, { error: TILES }).optional(),
  do_resize: z.literal(true).default(true),
  size: z.union(
    [z.object({ shortest_edge: sideSchema }), squareSchema],
    'must give shortest_edge, or height and width, of 1 to 4096',
  ),
  resample: z.literal(BICUBIC).default(BICUBIC),
  do_center_crop: z.boolean(),
  crop_size: squareSchema.nullish(),
  do_rescale: z.literal(true).default(true),
  rescale_factor: z
    .number()
    .positive()
    .default(1 / 255),
  do_normalize: z.literal(true).default(true),
  image_mean: channelsSchema,
  image_std: channelsSchema.refine((std) => std.every((value) => value > 0), 'must be above 0'),
  do_pad: z.boolean().nullish(),
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

/** How a processor makes squares of pictures, in one word. */
export function pictureFit({ padToSquare, resize }: ImageProcessor): PictureFit {
  if (padToSquare) return 'pad';
  return resize === 'square' ? 'squeeze' : 'crop';
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
  const result = processorSchema.safeParse(completed(json));
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
    padToSquare: padToSquare ?? config.do_pad ?? false,
  };
}

function fieldError(json: unknown, issue: z.core.$ZodIssue, file: string): InputError {
  const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], json);
  return new InputError({ file, field: fieldPath(issue.path), value, rule: ruleOf(issue, value) });
}
