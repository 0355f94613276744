import { InputError } from '../../../shared/errors.ts';
import type { ExportDtype, ExportJob } from '../../../shared/export.ts';
import { isAdapterFolder, loadAdapterFolder, readOwnAndBaseFiles, saveAdapterFolder } from '../model/adapter-folder.ts';
import type { LlavaConfig } from '../model/config.ts';
import { sizeOf, type HostTensor } from '../model/host-tensor.ts';
import { isLoraFactor, isLoraTensor } from '../model/lora.ts';
import { loadPlainModel } from '../model/lora-merge.ts';
import { saveModelFolder, type CompanionFiles, type Model } from '../model/model-folder.ts';
import { isOriginalFolder, openOriginal } from './original/checkpoint.ts';
import { pythonFiles } from './python-files.ts';

/** A model, or the adapter of one, that can be written. */
export interface Exportable {
  readonly config: LlavaConfig;
  /** Values of all weights that will be written. */
  readonly parameters: number;
  /** Writes it into a folder, with all that Python needs beside it. */
  write(folder: string): Promise<void>;
}

function count(weights: ReadonlyMap<string, Pick<HostTensor, 'shape'>>): number {
  return [...weights.values()].reduce((total, { shape }) => total + sizeOf(shape), 0);
}

/** What is made of a model. `tower`: folder of the vision tower, for the authors' layout only. */
export type ExportChoice = Pick<ExportJob, 'form' | 'dtype' | 'tower'>;

const STORED = { float32: 'F32', bfloat16: 'BF16', float16: 'F16' } as const;

async function checkTower(source: string, tower: string | undefined): Promise<void> {
  if (tower === undefined || (await isOriginalFolder(source))) return;
  const rule = "may only be given for a checkpoint in the LLaVA authors' own layout";
  throw new InputError({ file: source, field: 'tower', value: tower, rule });
}

async function openModel(source: string, tower: string | undefined): Promise<Model & { companions: CompanionFiles }> {
  if (await isOriginalFolder(source)) return openOriginal(source, tower);
  const { config, weights } = await loadPlainModel(source);
  return { config, weights, companions: await readOwnAndBaseFiles(source) };
}

async function wholeModel(source: string, dtype: ExportDtype, tower: string | undefined): Promise<Exportable> {
  const model = await openModel(source, tower);
  const files = pythonFiles(model.config, model.companions);
  const write = (folder: string): Promise<void> => saveModelFolder(folder, model, files, { dtype: STORED[dtype] });
  return { config: model.config, parameters: count(model.weights), write };
}

async function adapterAlone(source: string): Promise<Exportable> {
  if (!isAdapterFolder(source)) {
    const hint = 'Export it merged, as the whole model that it is';
    throw new InputError({
      file: source,
      field: 'form',
      value: 'adapter',
      rule: 'needs a model with a LoRA adapter',
      hint,
    });
  }
  const { config, weights, replaced, base, scale } = await loadAdapterFolder(source);
  const own = new Map([...weights].filter(([name]) => isLoraTensor(name) || replaced.includes(name)));
  const files = pythonFiles(config, await readOwnAndBaseFiles(source));
  const write = (folder: string): Promise<void> =>
    saveAdapterFolder(folder, { config, weights: own }, { base, lora: scale }, files);
  // The scaling of an adapter follows from its settings and is not stored.
  const stored = new Map([...own].filter(([name]) => isLoraFactor(name) || !isLoraTensor(name)));
  return { config, parameters: count(stored), write };
}

/**
 * Loads what is to be exported.
 *
 * @param source a model folder, also in the LLaVA authors' layout, or an adapter's
 * @throws InputError naming file and field, or where the model has no such form
 */
export async function loadExportable(source: string, { form, dtype, tower }: ExportChoice): Promise<Exportable> {
  await checkTower(source, tower);
  if (form === 'merged') return wholeModel(source, dtype, tower);
  if (dtype === 'float32') return adapterAlone(source);
  throw new InputError({ field: 'dtype', value: dtype, rule: 'must be float32 for an adapter: it is small' });
}
