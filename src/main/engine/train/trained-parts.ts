import type { InstructRecipe } from '../../../shared/recipe.ts';
import { visionLayersUsed, type LlavaConfig } from '../model/config.ts';

const LAYER = /^vision_tower\.encoder\.layers\.(\d+)\./;

/** Whether a vision weight takes part in the features: layers above the selected one and the last norm do not. */
function reachesFeatures(name: string, config: LlavaConfig): boolean {
  if (name.startsWith('vision_tower.post_layernorm.')) return false;
  const layer = LAYER.exec(name)?.[1];
  return layer === undefined || Number(layer) < visionLayersUsed(config);
}

/** Which weights a recipe trains, by name. */
export function isTrained(
  { parts, visionTower }: Pick<InstructRecipe['train'], 'parts' | 'visionTower'>,
  config: LlavaConfig,
): (name: string) => boolean {
  return (name) => {
    if (name.startsWith('multi_modal_projector.')) return true;
    if (name.startsWith('vision_tower.')) return visionTower === 'trained' && reachesFeatures(name, config);
    return parts === 'full';
  };
}
