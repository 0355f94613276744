import type { LlavaConfig } from '../../src/main/engine/model/config.ts';
import { parameterShapes } from '../../src/main/engine/model/parameter-shapes.ts';

/** Number of weights of the whole model. */
export function parameterCount(config: LlavaConfig): number {
  const sizes = [...parameterShapes(config).values()].map((shape) => shape.reduce((size, length) => size * length, 1));
  return sizes.reduce((total, size) => total + size, 0);
}
