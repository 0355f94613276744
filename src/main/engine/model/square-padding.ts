import { z } from 'zod';
import type { LlavaConfig } from './config.ts';
import type { CompanionFiles } from './model-folder.ts';
import { processorFiles } from './processor-config.ts';
import { parseStrictJson } from './strict-json.ts';
import { validate } from './validate.ts';

const [OWN, SHARED] = ['preprocessor_config.json', 'processor_config.json'] as const;

const objectSchema = z.looseObject({});
const sharedSchema = z.looseObject({ image_processor: objectSchema.optional() });

type Settings = z.output<typeof objectSchema>;

const read = <T extends z.ZodType>(schema: T, text: string, file: string): z.output<T> =>
  validate(schema, parseStrictJson(Buffer.from(text), file), file);

const write = (json: object): string => `${JSON.stringify(json, null, 2)}\n`;

/** The settings of the model's image processor; the engine believes the same file first. */
function imageSettings(companions: CompanionFiles, config: LlavaConfig): Settings {
  const { [OWN]: own, [SHARED]: shared } = companions;
  if (own !== undefined) return read(objectSchema, own, OWN);
  const inside = shared === undefined ? undefined : read(sharedSchema, shared, SHARED).image_processor;
  return inside ?? read(objectSchema, processorFiles(config)[OWN], OWN);
}

/**
 * Image processor files of one content, in both places where transformers looks. Patch size and tokens of the tower are
 * those of config.json, whatever an older file says of them.
 *
 * @throws InputError where a file of the model is not valid
 */
export function processorCompanions(
  config: LlavaConfig,
  companions: CompanionFiles,
  image: Settings = imageSettings(companions, config),
): CompanionFiles {
  const known = companions[SHARED] === undefined ? {} : read(sharedSchema, companions[SHARED], SHARED);
  const { image_token: imageToken, ...counts } = read(sharedSchema, processorFiles(config)[SHARED], SHARED);
  const processor = { image_token: imageToken, ...known, ...counts, image_processor: image };
  return { ...companions, [OWN]: write(image), [SHARED]: write(processor) };
}

/**
 * A model's files with the image processor that transformers has for LLaVA: it alone lays pictures in the middle of a
 * square first (`do_pad`), which is how LLaVA-1.5 is trained. What another class takes for granted is written out, as this
 * one has CLIP's defaults.
 *
 * @throws InputError where a file of the model is not valid
 */
export function withSquarePadding(config: LlavaConfig, companions: CompanionFiles): CompanionFiles {
  const { do_center_crop: crops = false, ...usual } = read(objectSchema, processorFiles(config)[OWN], OWN);
  const own = { do_pad: true, image_processor_type: 'LlavaImageProcessor' };
  const image = { do_center_crop: crops, ...usual, ...imageSettings(companions, config), ...own };
  return processorCompanions(config, companions, image);
}
