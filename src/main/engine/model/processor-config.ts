import { CLIP_MEAN, CLIP_STD, SIGLIP_MEAN, SIGLIP_STD } from '../data/image-processor.ts';
import { patchesPerImage, towerTokensPerImage, type LlavaConfig, type VisionConfig } from './config.ts';

/** Pillow's number for bicubic resampling. */
const BICUBIC = 3;

/** What CLIP's and SigLIP's processors differ in: SigLIP's squeezes images to squares, CLIP's cuts squares out of them. */
function sizing({ family, imageSize }: VisionConfig): Record<string, unknown> {
  const square = { height: imageSize, width: imageSize };
  if (family === 'siglip')
    return {
      image_mean: SIGLIP_MEAN,
      image_processor_type: 'SiglipImageProcessor',
      image_std: SIGLIP_STD,
      size: square,
    };
  return {
    crop_size: square,
    do_center_crop: true,
    image_mean: CLIP_MEAN,
    image_processor_type: 'CLIPImageProcessor',
    image_std: CLIP_STD,
    size: { shortest_edge: imageSize },
  };
}

/** The settings of the tower's own image processor, for square images of the tower's size. */
function imageProcessor(vision: VisionConfig): Record<string, unknown> {
  return {
    do_convert_rgb: true,
    do_normalize: true,
    do_rescale: true,
    do_resize: true,
    resample: BICUBIC,
    rescale_factor: 1 / 255,
    ...sizing(vision),
  };
}

/** Text of preprocessor_config.json and processor_config.json of a model built from scratch, as transformers reads them. */
export function processorFiles(
  config: LlavaConfig,
): Record<'preprocessor_config.json' | 'processor_config.json', string> {
  const image = imageProcessor(config.vision);
  const processor = {
    image_processor: image,
    image_token: '<image>',
    // CLIP's class token; the default feature selection drops one token again.
    num_additional_image_tokens: towerTokensPerImage(config.vision) - patchesPerImage(config.vision),
    patch_size: config.vision.patchSize,
    processor_class: 'LlavaProcessor',
    vision_feature_select_strategy: config.featureSelect,
  };
  return {
    'preprocessor_config.json': `${JSON.stringify(image, null, 2)}\n`,
    'processor_config.json': `${JSON.stringify(processor, null, 2)}\n`,
  };
}
