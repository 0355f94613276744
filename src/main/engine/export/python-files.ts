import { z } from 'zod';
import { templateText } from '../data/conversation-choice.ts';
import type { LlavaConfig } from '../model/config.ts';
import type { CompanionFiles } from '../model/model-folder.ts';
import { processorFiles } from '../model/processor-config.ts';
import { parseStrictJson } from '../model/strict-json.ts';
import { validate } from '../model/validate.ts';

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
 * The same settings for the image processor that transformers has for LLaVA: it alone lays pictures in the middle of a
 * square first (`do_pad`), which is how this program trains and answers. What another class takes for granted is written
 * out, as this one has CLIP's defaults.
 */
function squarePadding(settings: Settings, config: LlavaConfig): Settings {
  const { do_center_crop: crops = false, ...usual } = read(objectSchema, processorFiles(config)[OWN], OWN);
  const own = { do_pad: true, image_processor_type: 'LlavaImageProcessor' };
  return { do_center_crop: crops, ...usual, ...settings, ...own };
}

/**
 * Tokenizer, processor and chat template files with which Python turns a picture and a question into the very input that
 * this program's own model gets.
 *
 * @throws InputError where a file of the model is not valid
 */
export function pythonFiles(config: LlavaConfig, companions: CompanionFiles): CompanionFiles {
  const image = squarePadding(imageSettings(companions, config), config);
  const known = companions[SHARED] === undefined ? {} : read(sharedSchema, companions[SHARED], SHARED);
  // Patch size and tokens of the tower must be those of config.json, whatever an older file says of them.
  const { image_token: imageToken, ...counts } = read(sharedSchema, processorFiles(config)[SHARED], SHARED);
  const processor = { image_token: imageToken, ...known, ...counts, image_processor: image };
  return {
    ...companions,
    'chat_template.jinja': templateText(companions, config.text.family),
    [OWN]: write(image),
    [SHARED]: write(processor),
  };
}
