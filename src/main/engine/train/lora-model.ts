import { InputError } from '../../../shared/errors.ts';
import { LORA_DEFAULTS, type LoraSettings } from '../../../shared/recipe-lora.ts';
import type { InstructRecipe } from '../../../shared/recipe.ts';
import { isAdapterFolder, loadAdapterFolder } from '../model/adapter-folder.ts';
import { isLoraTensor, loraOf, newLora, withLora, type Lora } from '../model/lora.ts';
import { loadModelFolder, type Model } from '../model/model-folder.ts';
import type { WeightTensor } from '../model/weight-tensor.ts';
import type { SavedAdapter } from './checkpoint-format.ts';
import { partOf } from './trained-parts.ts';

/** A model with adapters among its weights. */
export interface LoraModel extends Model {
  readonly adapter: SavedAdapter;
}

const shapesOf = (lora: Lora): string =>
  JSON.stringify([...lora].map(([map, { down, up, scaling }]) => [map, down.shape, up.shape, Math.fround(scaling)]));

/** An adapter is trained on as it is: another rank or other targets would be another adapter. */
function checkSameAdapter(found: Lora, asked: Lora, folder: string): void {
  if (shapesOf(found) === shapesOf(asked)) return;
  const rule = 'holds an adapter of other settings (rank, alpha, targets, rslora or decoderLayers) than train asks for';
  const hint = 'Take the adapter’s own settings, or merge it and train a new one';
  throw new InputError({ file: folder, field: 'train.lora', rule, hint });
}

/** Names of weights that the base model has others of once this recipe has run: trained or replaced modules are saved whole. */
function wholeWeights(
  weights: ReadonlyMap<string, WeightTensor>,
  { train, model }: Pick<InstructRecipe, 'train' | 'model'>,
  replaced: ReadonlySet<string>,
): Set<string> {
  const changes = {
    projector: train.projector === 'trained' || model.projector !== undefined,
    visionTower: train.visionTower === 'trained' || model.tower !== undefined,
    decoder: false,
  };
  const names = [...weights.keys()].filter((name) => !isLoraTensor(name));
  return new Set(names.filter((name) => changes[partOf(name)] || replaced.has(name)));
}

/**
 * The model a LoRA run starts from: a base model with new adapters, or an adapter that is trained on.
 *
 * @param folder a model folder or an adapter's
 * @throws InputError naming file and field
 */
export async function loadLoraModel(folder: string, recipe: InstructRecipe): Promise<LoraModel> {
  const { train, seed } = recipe;
  const lora: LoraSettings = train.lora ?? LORA_DEFAULTS;
  const found = isAdapterFolder(folder) ? await loadAdapterFolder(folder) : undefined;
  const { config, weights } = found ?? (await loadModelFolder(folder));
  const fresh = newLora(weights, config, lora, seed, train.decoderLayers);
  if (found) checkSameAdapter(loraOf(weights), fresh, folder);
  const all = found ? weights : withLora(weights, fresh);
  const whole = wholeWeights(all, recipe, new Set(found?.replaced));
  return { config, weights: all, adapter: { base: found?.base ?? folder, lora, whole } };
}
