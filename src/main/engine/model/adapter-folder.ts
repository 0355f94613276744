/**
 * LoRA adapters as Python's peft keeps them: `adapter_config.json`, which names the base model, and
 * `adapter_model.safetensors`. A module that was trained whole beside the adapters (the projector) stands in the same
 * file, as peft's `modules_to_save` does.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InputError, codeOf } from '../../../shared/errors.ts';
import {
  formatAdapterConfig,
  parseAdapterConfig,
  scalingOf,
  type LoraScale,
  type WrittenAdapter,
} from './adapter-config.ts';
import type { LlavaConfig } from './config.ts';
import { writeTextDurably } from './durable-file.ts';
import type { HostTensor } from './host-tensor.ts';
import { formatHuggingFaceConfig } from './huggingface-config.ts';
import { isLoraFactor, isLoraTensor, LORA_A, LORA_B, loraOf, withLora, type Lora, type LoraFactors } from './lora.ts';
import {
  loadModelFolder,
  readCompanionFiles,
  writeCompanionFiles,
  type CompanionFiles,
  type Model,
} from './model-folder.ts';
import { readAllTensors } from './safetensors.ts';
import { writeSafetensors } from './safetensors-write.ts';
import { parseStrictJson } from './strict-json.ts';
import { canonicalName } from './tensor-names.ts';
import type { WeightTensor } from './weight-tensor.ts';

export const ADAPTER_CONFIG = 'adapter_config.json';
export const ADAPTER_WEIGHTS = 'adapter_model.safetensors';

/** In front of every name of peft's files: the wrapper's, then the wrapped model's own name. */
const WRAPPER = 'base_model.model.';

/** What an adapter's folder holds. */
export interface Adapter {
  readonly lora: Lora;
  /** Weights that replace the base model's, under canonical names. */
  readonly replaced: ReadonlyMap<string, HostTensor>;
  readonly scale: LoraScale;
}

/** Whether a folder holds an adapter rather than a whole model. */
export const isAdapterFolder = (dir: string): boolean => existsSync(join(dir, ADAPTER_CONFIG));

async function readText(file: string): Promise<Buffer> {
  return readFile(file).catch((error: unknown) => {
    throw new InputError({ file, rule: `cannot be read (${codeOf(error)})` }, { cause: error });
  });
}

/** The name behind peft's wrapper. @throws InputError where there is none */
function unwrapped(name: string, file: string): string {
  if (name.startsWith(WRAPPER)) return name.slice(WRAPPER.length);
  throw new InputError({ file, field: name, rule: `must begin with ${WRAPPER}, as peft writes it` });
}

function checkKind(name: string, file: string): void {
  if (!name.includes('.lora_') || isLoraFactor(name)) return;
  throw new InputError({
    file,
    field: name,
    rule: 'cannot be read: only adapters of linear maps (lora_A, lora_B) can',
  });
}

/**
 * Reads an adapter, under the tensor names of any version of transformers. All numbers become float32.
 *
 * @throws InputError naming file and field
 */
export async function readAdapter(dir: string): Promise<Adapter> {
  const [configFile, file] = [join(dir, ADAPTER_CONFIG), join(dir, ADAPTER_WEIGHTS)];
  const config = parseAdapterConfig(parseStrictJson(await readText(configFile), configFile), configFile);
  const tensors = await readAllTensors(file);
  const lora = new Map<string, LoraFactors>();
  const replaced = new Map<string, HostTensor>();
  for (const [wrapped, tensor] of tensors) {
    const name = unwrapped(wrapped, file);
    checkKind(name, file);
    if (!isLoraFactor(name)) replaced.set(canonicalName(name), tensor);
    if (!name.endsWith(LORA_A)) continue;
    const map = name.slice(0, -LORA_A.length);
    const up = tensors.get(WRAPPER + map + LORA_B);
    if (!up) throw new InputError({ file, field: wrapped, rule: 'has no lora_B beside it' });
    const scaling = scalingOf(config, map, tensor.shape[0] ?? 0);
    lora.set(canonicalName(`${map}.weight`).slice(0, -'.weight'.length), { down: tensor, up, scaling });
  }
  const scale = { rank: config.r, alpha: config.lora_alpha, rslora: config.use_rslora === true };
  return { lora, replaced, scale };
}

/**
 * The base model's folder: an absolute path, or one relative to the adapter or to the working directory.
 *
 * @throws InputError where the adapter names none, or none that is here
 */
export async function baseFolderOf(dir: string): Promise<string> {
  const file = join(dir, ADAPTER_CONFIG);
  const field = 'base_model_name_or_path';
  const { [field]: base } = parseAdapterConfig(parseStrictJson(await readText(file), file), file);
  const hint = 'Write the path of the base model’s folder into this field';
  if (base === null || base === undefined)
    throw new InputError({ file, field, rule: 'must name the base model', hint });
  const found = [resolve(dir, base), resolve(base)].find((folder) => existsSync(join(folder, 'config.json')));
  if (found === undefined) throw new InputError({ file, field, value: base, rule: 'is no model folder here', hint });
  if (!isAdapterFolder(found)) return found;
  throw new InputError({
    file,
    field,
    value: base,
    rule: 'must be a whole model, not an adapter',
    hint: 'Merge it first',
  });
}

/** Tokenizer and processor files of a model folder or an adapter's; what an adapter lacks is its base model's. */
export async function readOwnAndBaseFiles(dir: string): Promise<CompanionFiles> {
  const base = isAdapterFolder(dir) ? await readCompanionFiles(await baseFolderOf(dir)) : {};
  return { ...base, ...(await readCompanionFiles(dir)) };
}

/** The base model's weights with an adapter's in and between them. @throws InputError where they do not fit */
export function withAdapter(
  weights: ReadonlyMap<string, WeightTensor>,
  { lora, replaced }: Adapter,
  file: string,
): Map<string, WeightTensor> {
  const base = new Map(weights);
  for (const [name, tensor] of replaced) {
    const before = base.get(name);
    if (!before) throw new InputError({ file, field: name, rule: 'is no parameter of the base model' });
    if (String(before.shape) !== String(tensor.shape)) {
      const rule = `has shape [${tensor.shape.join(', ')}], but the base model has [${before.shape.join(', ')}]`;
      throw new InputError({ file, field: name, rule });
    }
    base.set(name, tensor);
  }
  return withLora(base, lora, file);
}

/** A base model with an adapter among its weights. */
export interface AdaptedModel extends Model {
  /** Folder of the base model. */
  readonly base: string;
  /** Names of the weights that stand in the adapter's file as a whole. */
  readonly replaced: readonly string[];
  readonly scale: LoraScale;
}

/**
 * Loads an adapter with its base model.
 *
 * @throws InputError naming file and field
 */
export async function loadAdapterFolder(dir: string): Promise<AdaptedModel> {
  const base = await baseFolderOf(dir);
  const [{ config, weights }, adapter] = await Promise.all([loadModelFolder(base), readAdapter(dir)]);
  const all = withAdapter(weights, adapter, join(dir, ADAPTER_WEIGHTS));
  return { config, weights: all, base, replaced: [...adapter.replaced.keys()], scale: adapter.scale };
}

/** A name as peft writes it for the module tree of today's transformers. */
function peftName(name: string): string {
  const own = name.replace(/^language_model\.model\./, 'language_model.');
  return own.startsWith('language_model.lm_head.')
    ? WRAPPER + own.slice('language_model.'.length)
    : `${WRAPPER}model.${own}`;
}

/** The module that peft saves a weight with: the projector or the tower as a whole, of the decoder the weight's own. */
function moduleOf(name: string): string {
  const parts = name.split('.');
  return (parts[0] === 'language_model' ? parts.at(-2) : parts[0]) as string;
}

/**
 * Writes an adapter's folder. The base model's `config.json` goes beside it, for programs that want to know a model's
 * shape.
 *
 * @param weights adapters, and the modules that were trained whole: nothing else
 */
export async function saveAdapterFolder(
  dir: string,
  model: { readonly config: LlavaConfig; readonly weights: ReadonlyMap<string, WeightTensor> },
  adapter: WrittenAdapter,
  companions: CompanionFiles = {},
): Promise<void> {
  const { config, weights } = model;
  const modules = new Set([...weights.keys()].filter((name) => !isLoraTensor(name)).map(moduleOf));
  const stored = [...weights].filter(([name]) => isLoraFactor(name) || !isLoraTensor(name));
  await mkdir(dir, { recursive: true });
  await writeTextDurably(join(dir, 'config.json'), formatHuggingFaceConfig(config));
  await writeCompanionFiles(dir, companions);
  await writeTextDurably(
    join(dir, ADAPTER_CONFIG),
    formatAdapterConfig(adapter, [...loraOf(weights).keys()], [...modules]),
  );
  const named = new Map(stored.map(([name, tensor]) => [peftName(name), tensor]));
  await writeSafetensors(join(dir, ADAPTER_WEIGHTS), named, new Map([['format', 'pt']]));
}
