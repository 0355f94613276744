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
 * square first (`do_pad`), which is how this program trains and answers.
 */
function squarePadding(settings: Settings): Settings {
  const { do_center_crop: crops = false } = settings;
  return { ...settings, do_center_crop: crops, do_pad: true, image_processor_type: 'LlavaImageProcessor' };
}

/**
 * Tokenizer, processor and chat template files with which Python turns a picture and a question into the very input that
 * this program's own model gets.
 *
 * @throws InputError where a file of the model is not valid
 */
export function pythonFiles(config: LlavaConfig, companions: CompanionFiles): CompanionFiles {
  const image = squarePadding(imageSettings(companions, config));
  const known = companions[SHARED] === undefined ? {} : read(sharedSchema, companions[SHARED], SHARED);
  const processor = {
    image_token: '<image>',
    ...known,
    image_processor: image,
    // Of a tower's tokens only the class token is no patch; the strategy `default` takes it away again.
    num_additional_image_tokens: config.vision.family === 'clip' ? 1 : 0,
    patch_size: config.vision.patchSize,
    processor_class: 'LlavaProcessor',
    vision_feature_select_strategy: config.featureSelect,
  };
  return {
    ...companions,
    'chat_template.jinja': templateText(companions, config.text.family),
    [OWN]: write(image),
    [SHARED]: write(processor),
  };
}
