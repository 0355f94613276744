import { z } from 'zod';
import type { VisionConfig } from './config.ts';
import { only, positive, scale, withDefaults } from './huggingface-fields.ts';

/** Defaults of transformers' CLIPVisionConfig and SiglipVisionConfig. */
const COMMON = {
  hidden_size: 768,
  intermediate_size: 3072,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  image_size: 224,
};
const DEFAULTS = {
  clip_vision_model: { ...COMMON, patch_size: 32, hidden_act: 'quick_gelu', layer_norm_eps: 1e-5 },
  siglip_vision_model: { ...COMMON, patch_size: 16, hidden_act: 'gelu_pytorch_tanh', layer_norm_eps: 1e-6 },
};

/** What LlavaConfig takes where the whole vision_config is missing: CLIP ViT-L/14 at 336 pixels. */
const CLIP_LARGE_336 = {
  hidden_size: 1024,
  intermediate_size: 4096,
  num_hidden_layers: 24,
  num_attention_heads: 16,
  image_size: 336,
  patch_size: 14,
};

/** Towers that can be read, by `model_type`. */
export const VISION_TYPES = ['clip_vision_model', 'siglip_vision_model'] as const;

/** `vision_config`. */
export const visionSchema = z.preprocess(
  (given) => withDefaults(given ?? CLIP_LARGE_336, DEFAULTS),
  z.looseObject({
    model_type: z.enum(VISION_TYPES),
    hidden_size: positive,
    intermediate_size: positive,
    num_hidden_layers: positive,
    num_attention_heads: positive,
    num_channels: only(3, 'images are RGB'),
    image_size: positive,
    patch_size: positive,
    hidden_act: z.enum(['quick_gelu', 'gelu', 'gelu_pytorch_tanh']),
    layer_norm_eps: scale,
    attention_dropout: only(0, 'dropout in attention is not supported'),
    initializer_range: scale.default(0.02),
    initializer_factor: scale.default(1),
    vision_use_head: z.boolean().nullish(),
  }),
);

export function visionConfig(json: z.output<typeof visionSchema>): VisionConfig {
  const tower = {
    hiddenSize: json.hidden_size,
    intermediateSize: json.intermediate_size,
    layers: json.num_hidden_layers,
    heads: json.num_attention_heads,
    imageSize: json.image_size,
    patchSize: json.patch_size,
    activation: json.hidden_act,
    layerNormEps: json.layer_norm_eps,
  };
  if (json.model_type === 'siglip_vision_model')
    return { family: 'siglip', ...tower, hasHead: json.vision_use_head ?? true };
  const { initializer_range: initializerRange, initializer_factor: initializerFactor } = json;
  return { family: 'clip', ...tower, initializerRange, initializerFactor };
}

/** Keys that one family has and the other has not. */
function ownKeys(vision: VisionConfig): Record<string, unknown> {
  if (vision.family === 'siglip') return { vision_use_head: vision.hasHead };
  return {
    initializer_range: vision.initializerRange,
    initializer_factor: vision.initializerFactor,
    projection_dim: vision.hiddenSize,
  };
}

/** The content of `vision_config`. */
export function visionToJson(vision: VisionConfig): Record<string, unknown> {
  return {
    model_type: `${vision.family}_vision_model`,
    hidden_size: vision.hiddenSize,
    intermediate_size: vision.intermediateSize,
    num_hidden_layers: vision.layers,
    num_attention_heads: vision.heads,
    num_channels: 3,
    image_size: vision.imageSize,
    patch_size: vision.patchSize,
    hidden_act: vision.activation,
    layer_norm_eps: vision.layerNormEps,
    attention_dropout: 0,
    ...ownKeys(vision),
  };
}
