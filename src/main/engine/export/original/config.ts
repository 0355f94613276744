import { z } from 'zod';
import { InputError } from '../../../../shared/errors.ts';
import type { LlavaConfig, TextConfig } from '../../model/config.ts';
import { absent, only, positive } from '../../model/huggingface-fields.ts';
import { parseLlavaConfig } from '../../model/huggingface-config.ts';
import { originalFamily } from '../../model/original-layout.ts';
import { validate } from '../../model/validate.ts';

/** What the LLaVA authors' code adds to a decoder's config.json, as far as it changes what is computed. */
const originalSchema = z.looseObject({
  vocab_size: positive,
  mm_vision_tower: z.string().min(1, 'must name the vision tower'),
  mm_vision_select_layer: z.int(),
  mm_vision_select_feature: z.enum(['patch', 'cls_patch']).default('patch'),
  mm_projector_type: z
    .string()
    .default('linear') // what their code takes where the key is missing
    .refine(
      (type) => type === 'mlp2x_gelu',
      'must be mlp2x_gelu: of their projectors only the two-layer GELU one is supported',
    ),
  mm_hidden_size: positive.nullish(),
  image_aspect_ratio: z.custom<'pad'>((given) => given === 'pad', {
    error: 'must be pad: LLaVA-1.5 is trained so; tiles (anyres) and cropping are not supported',
  }),
  mm_use_im_start_end: only(false, 'tokens around a picture are not supported'),
  s2: only(false, 'pictures at several scales are not supported'),
  quantization_config: absent('quantised weights are not supported'),
});

/** A checked config.json of the authors' layout. */
export interface OriginalConfig {
  readonly json: z.output<typeof originalSchema>;
  readonly family: TextConfig['family'];
  readonly file: string;
}

/**
 * Reads a config.json of the LLaVA authors' layout.
 *
 * @throws InputError naming the field for whatever is not supported
 */
export function parseOriginalConfig(content: unknown, file: string): OriginalConfig {
  return { json: validate(originalSchema, content, file), family: originalFamily(content) ?? 'llama', file };
}

/** What a conversion adds to the vocabulary. */
export interface AddedVocabulary {
  readonly vocabSize: number;
  readonly imageTokenId: number;
  readonly padTokenId: number | null;
}

/** `patch` is every token but CLIP's class token; SigLIP has none to leave out. */
function featureSelect(feature: 'patch' | 'cls_patch', tower: unknown): LlavaConfig['featureSelect'] {
  return feature === 'patch' && tower === 'clip_vision_model' ? 'default' : 'full';
}

/**
 * The configuration that a checkpoint of the authors' layout has in transformers' terms.
 *
 * @param vision `vision_config` of the tower
 * @throws InputError naming the field, where decoder and tower do not fit or are not supported
 */
export function convertedConfig(
  { json, family, file }: OriginalConfig,
  vision: Readonly<Record<string, unknown>>,
  { vocabSize, imageTokenId, padTokenId }: AddedVocabulary,
): LlavaConfig {
  const config = parseLlavaConfig(
    {
      model_type: 'llava',
      text_config: { ...json, model_type: family, vocab_size: vocabSize, pad_token_id: padTokenId },
      vision_config: vision,
      image_token_index: imageTokenId,
      vision_feature_layer: json.mm_vision_select_layer,
      vision_feature_select_strategy: featureSelect(json.mm_vision_select_feature, vision['model_type']),
    },
    file,
  );
  const { mm_hidden_size: width } = json;
  const { hiddenSize } = config.vision;
  if (typeof width === 'number' && width !== hiddenSize)
    throw new InputError({
      file,
      field: 'mm_hidden_size',
      value: width,
      rule: `must be the tower's width (${hiddenSize})`,
    });
  return config;
}
