import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, codeOf } from '../../../shared/errors.ts';
import type { LlavaConfig } from './config.ts';
import { writeTextDurably } from './durable-file.ts';
import type { HostTensor } from './host-tensor.ts';
import { formatHuggingFaceConfig, parseLlavaConfig } from './huggingface-config.ts';
import { eosToJson } from './huggingface-text.ts';
import { canonicalName, isDerived, parameterShapes } from './parameter-shapes.ts';
import type { SafetensorsFile } from './safetensors.ts';
import { writeSafetensors } from './safetensors-write.ts';
import { parseStrictJson } from './strict-json.ts';
import { openWeightFiles } from './weight-files.ts';
import type { WeightFiles } from './weight-files.ts';

/** A model in memory: weights under canonical names, in the order of `parameterShapes`. */
export interface Model {
  readonly config: LlavaConfig;
  readonly weights: Map<string, HostTensor>;
}

/** Text files of a model folder that belong to the tokenizer and the image processor; their owners write the content. */
export const COMPANION_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'chat_template.jinja',
  'chat_template.json',
  'preprocessor_config.json',
  'processor_config.json',
] as const;
export type CompanionFiles = Partial<Record<(typeof COMPANION_FILES)[number], string>>;

interface Source {
  readonly file: SafetensorsFile;
  /** Name inside the file. */
  readonly name: string;
}

const NAMES_SHOWN = 3;

function listed(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN;
  return names.slice(0, NAMES_SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** Canonical name → where it is, without the tensors that follow from the configuration. */
function sources({ holder }: WeightFiles): Map<string, Source> {
  const found = new Map<string, Source>();
  for (const [name, file] of holder) {
    if (isDerived(name)) continue;
    const canonical = canonicalName(name);
    const other = found.get(canonical);
    if (other)
      throw new InputError({
        file: file.file,
        field: name,
        rule: `is the same parameter as ${other.name}: one is allowed`,
      });
    found.set(canonical, { file, name });
  }
  return found;
}

function checkParameters(
  shapes: ReadonlyMap<string, readonly number[]>,
  found: ReadonlyMap<string, Source>,
  dir: string,
): void {
  const missing = [...shapes.keys()].filter((name) => !found.has(name));
  const unexpected = [...found].filter(([name]) => !shapes.has(name)).map(([, { name }]) => name);
  const parts = [
    missing.length > 0 ? `lacks ${missing.length} tensors that config.json asks for: ${listed(missing)}` : '',
    unexpected.length > 0
      ? `has ${unexpected.length} tensors that config.json does not know: ${listed(unexpected)}`
      : '',
  ].filter(Boolean);
  if (parts.length > 0) throw new InputError({ file: dir, rule: parts.join('; ') });
  for (const [name, shape] of shapes) checkTensor(found.get(name) as Source, shape);
}

function checkTensor({ file, name }: Source, shape: readonly number[]): void {
  const info = file.info(name);
  if (shapeText(info.shape) !== shapeText(shape))
    throw new InputError({
      file: file.file,
      field: name,
      rule: `has shape ${shapeText(info.shape)}, but config.json asks for ${shapeText(shape)}`,
    });
  if (!['F32', 'F16', 'BF16', 'F64'].includes(info.dtype))
    throw new InputError({ file: file.file, field: name, value: info.dtype, rule: 'must hold floating-point numbers' });
}

const EMBEDDINGS = 'language_model.model.embed_tokens.weight';
const OUTPUT_HEAD = 'language_model.lm_head.weight';

/**
 * Some writers store the output head of tied embeddings all the same. A copy is dropped; a head of its own would change
 * the answers silently, so it is refused.
 */
async function dropTiedHead(found: Map<string, Source>, tied: boolean): Promise<void> {
  const head = found.get(OUTPUT_HEAD);
  const embeddings = found.get(EMBEDDINGS);
  if (!tied || !head || !embeddings) return;
  const [a, b] = [await head.file.read(head.name), await embeddings.file.read(embeddings.name)];
  if (a.data.length !== b.data.length || a.data.some((value, index) => value !== b.data[index]))
    throw new InputError({
      file: head.file.file,
      field: head.name,
      rule: 'differs from the embeddings, although config.json says they are tied (tie_word_embeddings)',
    });
  found.delete(OUTPUT_HEAD);
}

/** The configuration of a model folder, without its weights. Throws an `InputError` naming file and field. */
export async function loadModelConfig(dir: string): Promise<LlavaConfig> {
  const file = join(dir, 'config.json');
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new InputError(
      {
        file,
        rule: `cannot be read (${codeOf(error)})`,
        hint: 'A model is a folder with config.json and model.safetensors',
      },
      { cause: error },
    );
  });
  return parseLlavaConfig(parseStrictJson(bytes, file), file);
}

async function readWeights(files: WeightFiles, config: LlavaConfig, dir: string): Promise<Map<string, HostTensor>> {
  const shapes = parameterShapes(config);
  const found = sources(files);
  await dropTiedHead(found, config.text.tieWordEmbeddings);
  checkParameters(shapes, found, dir);
  const weights = new Map<string, HostTensor>();
  for (const name of shapes.keys()) {
    const source = found.get(name) as Source;
    weights.set(name, await source.file.read(source.name));
  }
  return weights;
}

/**
 * Loads a Hugging Face model folder: config.json and *.safetensors, all weights as float32 under canonical names. Every
 * name and shape is checked against the configuration before any weight is read. Throws an `InputError`.
 */
export async function loadModelFolder(dir: string): Promise<Model & { readonly dir: string }> {
  const config = await loadModelConfig(dir);
  const files = await openWeightFiles(dir);
  try {
    return { config, weights: await readWeights(files, config, dir), dir };
  } finally {
    await files.close();
  }
}

/** The files of `COMPANION_FILES` that a model folder has, as text: to copy them into a model trained from it. */
export async function readCompanionFiles(dir: string): Promise<CompanionFiles> {
  const texts: CompanionFiles = {};
  for (const name of COMPANION_FILES) {
    const text = await readFile(join(dir, name), 'utf8').catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw new InputError({ file: join(dir, name), rule: `cannot be read (${codeOf(error)})` }, { cause: error });
    });
    if (text !== undefined) texts[name] = text;
  }
  return texts;
}

/** Writes the files of tokenizer and image processor. */
export async function writeCompanionFiles(dir: string, companions: CompanionFiles): Promise<void> {
  for (const name of COMPANION_FILES) {
    const text = companions[name];
    if (text !== undefined) await writeTextDurably(join(dir, name), text);
  }
}

function generationConfig({ text }: LlavaConfig): string {
  const settings = {
    bos_token_id: text.bosTokenId,
    do_sample: false,
    eos_token_id: eosToJson(text),
    pad_token_id: text.padTokenId,
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
}

function checkComplete({ config, weights }: Model): void {
  const shapes = parameterShapes(config);
  const unknown = [...weights.keys()].find((name) => !shapes.has(name));
  if (unknown !== undefined) throw new RangeError(`${unknown} is no parameter of the model`);
  for (const [name, shape] of shapes) {
    const tensor = weights.get(name);
    if (!tensor || shapeText(tensor.shape) !== shapeText(shape))
      throw new RangeError(
        `${name} must have shape ${shapeText(shape)}, not ${tensor ? shapeText(tensor.shape) : 'be missing'}`,
      );
  }
}

/**
 * Writes a model folder that Python's `LlavaForConditionalGeneration.from_pretrained` loads. The folder is made where it
 * is missing; every file is written whole or not at all, the weights last. Throws a `RangeError` where weights and
 * configuration disagree.
 */
export async function saveModelFolder(dir: string, model: Model, companions: CompanionFiles = {}): Promise<void> {
  checkComplete(model);
  await mkdir(dir, { recursive: true });
  await writeTextDurably(join(dir, 'config.json'), formatHuggingFaceConfig(model.config));
  await writeTextDurably(join(dir, 'generation_config.json'), generationConfig(model.config));
  await writeCompanionFiles(dir, companions);
  await writeSafetensors(join(dir, 'model.safetensors'), model.weights, new Map([['format', 'pt']]));
}
