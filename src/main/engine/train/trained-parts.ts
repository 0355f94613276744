import type { ModelPart } from '../../../shared/recipe-fields.ts';
import type { InstructRecipe } from '../../../shared/recipe.ts';
import { isCompressorWeight } from '../model/compressor-weights.ts';
import { visionLayersUsed, type LlavaConfig } from '../model/config.ts';
import { isLoraFactor } from '../model/lora.ts';

type Parts = Pick<InstructRecipe['train'], 'parts' | 'visionTower'> &
  Partial<Pick<InstructRecipe['train'], 'projector' | 'decoderLayers' | 'visionLayers'>>;

const VISION_LAYER = /^vision_tower\.encoder\.layers\.(\d+)\./;
const DECODER_LAYER = /^language_model\.model\.layers\.(\d+)\./;
/** What the residual stream comes through behind the decoder's layers. */
const BEHIND_DECODER = /^language_model\.(model\.norm|lm_head)\./;

function layerOf(name: string, pattern: RegExp): number | undefined {
  const layer = pattern.exec(name)?.[1];
  return layer === undefined ? undefined : Number(layer);
}

/** The part of the model that a weight belongs to. */
export function partOf(name: string): ModelPart {
  if (name.startsWith('multi_modal_projector.')) return 'projector';
  return name.startsWith('vision_tower.') ? 'visionTower' : 'decoder';
}

/** Whether a vision weight is trained: layers above the selected one, the last norm and SigLIP's head take no part. */
function isTowerWeightTrained(name: string, config: LlavaConfig, lastLayers?: number): boolean {
  if (/^vision_tower\.(post_layernorm|head)\./.test(name)) return false;
  const used = visionLayersUsed(config);
  const layer = layerOf(name, VISION_LAYER);
  if (layer === undefined) return lastLayers === undefined;
  return layer < used && layer >= used - (lastLayers ?? used);
}

function isDecoderWeightTrained(name: string, { text }: LlavaConfig, lastLayers?: number): boolean {
  if (lastLayers === undefined) return true;
  const layer = layerOf(name, DECODER_LAYER);
  return layer === undefined ? BEHIND_DECODER.test(name) : layer >= text.layers - lastLayers;
}

/** Which weights a recipe trains, by name. */
export function isTrained(train: Parts, config: LlavaConfig): (name: string) => boolean {
  const { parts, projector = 'trained', visionTower, decoderLayers, visionLayers } = train;
  return (name) => {
    if (isCompressorWeight(name)) return true;
    const part = partOf(name);
    if (part === 'projector') return projector === 'trained';
    if (part === 'visionTower') return visionTower === 'trained' && isTowerWeightTrained(name, config, visionLayers);
    // The adapters a model has are those its recipe asked for.
    if (parts === 'lora') return isLoraFactor(name);
    return parts === 'full' && isDecoderWeightTrained(name, config, decoderLayers);
  };
}
