import type { ModelShape } from '../../../shared/cost.ts';
import { visionLayersUsed, type LlavaConfig } from './config.ts';

/** What of a model its cost depends on. */
export function modelShape(config: LlavaConfig): ModelShape {
  const { vision, text } = config;
  return {
    vision: { ...vision, layers: visionLayersUsed(config), hasClassToken: vision.family === 'clip' },
    decoder: text,
  };
}
