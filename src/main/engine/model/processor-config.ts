import type { LlavaConfig } from './config.ts';

/** Mean and standard deviation of CLIP's training images per channel (RGB, 0–1); transformers' OPENAI_CLIP_MEAN and _STD. */
export const CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073] as const;
export const CLIP_STD = [0.26862954, 0.26130258, 0.27577711] as const;

/** Pillow's number for bicubic resampling. */
const BICUBIC = 3;

/** The settings of a CLIPImageProcessor for square images of `imageSize` pixels; apart from the size CLIP's own. */
function imageProcessor(imageSize: number): Record<string, unknown> {
  return {
    crop_size: { height: imageSize, width: imageSize },
    do_center_crop: true,
    do_convert_rgb: true,
    do_normalize: true,
    do_rescale: true,
    do_resize: true,
    image_mean: CLIP_MEAN,
    image_processor_type: 'CLIPImageProcessor',
    image_std: CLIP_STD,
    resample: BICUBIC,
    rescale_factor: 1 / 255,
    size: { shortest_edge: imageSize },
  };
}

/** Text of preprocessor_config.json and processor_config.json of a model built from scratch, as transformers reads them. */
export function processorFiles(
  config: LlavaConfig,
): Record<'preprocessor_config.json' | 'processor_config.json', string> {
  const image = imageProcessor(config.vision.imageSize);
  const processor = {
    image_processor: image,
    image_token: '<image>',
    // The class token, which the feature selection drops again.
    num_additional_image_tokens: 1,
    patch_size: config.vision.patchSize,
    processor_class: 'LlavaProcessor',
    vision_feature_select_strategy: config.featureSelect,
  };
  return {
    'preprocessor_config.json': `${JSON.stringify(image, null, 2)}\n`,
    'processor_config.json': `${JSON.stringify(processor, null, 2)}\n`,
  };
}
