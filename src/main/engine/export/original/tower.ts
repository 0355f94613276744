import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../../../shared/errors.ts';
import { readConfigJson } from '../../model/model-folder.ts';
import { validate } from '../../model/validate.ts';
import type { OriginalConfig } from './config.ts';

/** A vision tower in a folder of its own. */
export interface TowerFolder {
  readonly folder: string;
  /** Its `vision_config`. */
  readonly vision: Readonly<Record<string, unknown>>;
}

const isModel = (folder: string): boolean => existsSync(join(folder, 'config.json'));

/** The folder of the tower: the one given, the path that config.json names, or its last part beside the model. */
function findTower({ json, file }: OriginalConfig, given: string | undefined): string {
  if (given !== undefined) {
    if (isModel(given)) return given;
    throw new InputError({
      field: 'tower',
      value: given,
      rule: 'must be the folder of a vision tower with its config.json',
    });
  }
  const named = json.mm_vision_tower;
  const beside = join(dirname(dirname(file)), basename(named));
  const found = [...(isAbsolute(named) ? [named] : []), beside].find(isModel);
  if (found !== undefined) return found;
  throw new InputError({
    file,
    field: 'mm_vision_tower',
    value: named,
    rule: `is no folder here, nor is ${basename(named)} beside the model`,
    hint: 'Download the tower with config.json and weights, and name its folder: --tower DIR',
  });
}

/** Whole models and towers alone, by `model_type`, with the type of the tower. */
const TOWERS = {
  clip: 'clip_vision_model',
  clip_vision_model: 'clip_vision_model',
  siglip: 'siglip_vision_model',
  siglip_vision_model: 'siglip_vision_model',
} as const;

const towerSchema = z.looseObject({
  model_type: z.enum(Object.keys(TOWERS) as (keyof typeof TOWERS)[]),
  vision_config: z.looseObject({}).optional(),
});

/**
 * Finds the vision tower of a checkpoint in the LLaVA authors' layout, which names it by a path or its name on the hub.
 * Nothing is downloaded.
 *
 * @param given the folder, where the user names one
 * @throws InputError where it is not here, or no CLIP or SigLIP tower
 */
export async function readTower(original: OriginalConfig, given?: string): Promise<TowerFolder> {
  const folder = findTower(original, given);
  const json = validate(towerSchema, await readConfigJson(folder), join(folder, 'config.json'));
  return { folder, vision: { ...(json.vision_config ?? json), model_type: TOWERS[json.model_type] } };
}
