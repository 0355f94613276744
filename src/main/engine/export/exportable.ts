import { InputError } from '../../../shared/errors.ts';
import type { ExportDtype, ExportForm } from '../../../shared/export.ts';
import { isAdapterFolder, loadAdapterFolder, readOwnAndBaseFiles, saveAdapterFolder } from '../model/adapter-folder.ts';
import type { LlavaConfig } from '../model/config.ts';
import { sizeOf, type HostTensor } from '../model/host-tensor.ts';
import { isLoraFactor, isLoraTensor } from '../model/lora.ts';
import { loadPlainModel } from '../model/lora-merge.ts';
import { saveModelFolder } from '../model/model-folder.ts';
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

const STORED = { float32: 'F32', bfloat16: 'BF16', float16: 'F16' } as const;

async function wholeModel(source: string, dtype: ExportDtype): Promise<Exportable> {
  const model = await loadPlainModel(source);
  const files = pythonFiles(model.config, await readOwnAndBaseFiles(source));
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
 * @param source a model folder or an adapter's
 * @throws InputError naming file and field, or where the model has no such form
 */
export async function loadExportable(source: string, form: ExportForm, dtype: ExportDtype): Promise<Exportable> {
  if (form === 'merged') return wholeModel(source, dtype);
  if (dtype === 'float32') return adapterAlone(source);
  throw new InputError({ field: 'dtype', value: dtype, rule: 'must be float32 for an adapter: it is small' });
}
