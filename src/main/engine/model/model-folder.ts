import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, codeOf } from '../../../shared/errors.ts';
import { isCompressorWeight, openCompressorWeights, saveCompressorWeights } from './compressor-weights.ts';
import type { LlavaConfig } from './config.ts';
import { writeTextDurably } from './durable-file.ts';
import { formatHuggingFaceConfig, parseLlavaConfig } from './huggingface-config.ts';
import { eosToJson } from './huggingface-text.ts';
import { parameterShapes } from './parameter-shapes.ts';
import type { SafetensorsFile } from './safetensors.ts';
import { parseStrictJson } from './strict-json.ts';
import { withHeadAsStored } from './siglip-head.ts';
import { canonicalName, isDerived } from './tensor-names.ts';
import { openWeightFiles } from './weight-files.ts';
import type { WeightFiles } from './weight-files.ts';
import { writeWeightFiles, type WeightOutput } from './weight-files-write.ts';
import { sameValues } from './same-values.ts';
import { isInFile, type WeightTensor } from './weight-tensor.ts';

/** A model: weights in memory or in files, under canonical names, in the order of `parameterShapes`, then those that compressors have learnt. */
export interface Model {
  readonly config: LlavaConfig;
  readonly weights: ReadonlyMap<string, WeightTensor>;
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
}

const EMBEDDINGS = 'language_model.model.embed_tokens.weight';
const OUTPUT_HEAD = 'language_model.lm_head.weight';

/**
 * Some writers store the output head of tied embeddings all the same. A copy is dropped; a head of its own would change
 * the answers silently, so it is refused.
 */
function dropTiedHead(found: Map<string, Source>, tied: boolean): void {
  const head = found.get(OUTPUT_HEAD);
  const embeddings = found.get(EMBEDDINGS);
  if (!tied || !head || !embeddings) return;
  if (!sameValues(head.file.tensor(head.name), embeddings.file.tensor(embeddings.name)))
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

function findWeights(files: WeightFiles, config: LlavaConfig, dir: string): Map<string, WeightTensor> {
  const shapes = parameterShapes(config);
  const found = sources(files);
  dropTiedHead(found, config.text.tieWordEmbeddings);
  checkParameters(shapes, found, dir);
  const tensorOf = ({ file, name }: Source): WeightTensor => file.tensor(name);
  return new Map([...shapes.keys()].map((name) => [name, tensorOf(found.get(name) as Source)]));
}

/**
 * Opens a Hugging Face model folder: config.json and *.safetensors. Every name and shape is checked against the
 * configuration; the weights stay in their files until they are used. Throws an `InputError`.
 */
export async function loadModelFolder(dir: string): Promise<Model & { readonly dir: string }> {
  const written = await loadModelConfig(dir);
  const files = await openWeightFiles(dir);
  try {
    const config = withHeadAsStored(written, [...files.holder.keys()].map(canonicalName));
    const learnt = await openCompressorWeights(dir, config);
    return { config, weights: new Map([...findWeights(files, config, dir), ...learnt]), dir };
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
  const unknown = [...weights.keys()].find((name) => !shapes.has(name) && !isCompressorWeight(name));
  if (unknown !== undefined) throw new RangeError(`${unknown} is no parameter of the model`);
  for (const [name, shape] of shapes) {
    const tensor = weights.get(name);
    if (!tensor || shapeText(tensor.shape) !== shapeText(shape))
      throw new RangeError(
        `${name} must have shape ${shapeText(shape)}, not ${tensor ? shapeText(tensor.shape) : 'be missing'}`,
      );
  }
}

const DTYPE_NAMES = { F64: 'float64', F32: 'float32', F16: 'float16', BF16: 'bfloat16' } as const;

/** config.json names the type of the weights, under its new and its old name. */
function configText({ config, weights }: Model, { dtype = 'F32' }: WeightOutput): string {
  const [first] = weights.values();
  const stored = first && isInFile(first) ? first.dtype : 'F32';
  const name = DTYPE_NAMES[dtype === 'stored' ? stored : dtype];
  return formatHuggingFaceConfig(config).replace(/("(?:torch_)?dtype": )"float32"/g, `$1"${name}"`);
}

/**
 * Writes a model folder that Python's `LlavaForConditionalGeneration.from_pretrained` loads. The folder is made where it
 * is missing; every file is written whole or not at all, the weights last. Throws a `RangeError` where weights and
 * configuration disagree.
 */
export async function saveModelFolder(
  dir: string,
  model: Model,
  companions: CompanionFiles = {},
  output: WeightOutput = {},
): Promise<void> {
  checkComplete(model);
  await mkdir(dir, { recursive: true });
  await writeTextDurably(join(dir, 'config.json'), configText(model, output));
  await writeTextDurably(join(dir, 'generation_config.json'), generationConfig(model.config));
  await writeCompanionFiles(dir, companions);
  const own = new Map([...model.weights].filter(([name]) => !isCompressorWeight(name)));
  await saveCompressorWeights(dir, model.weights, output.dtype ?? 'F32');
  await writeWeightFiles(dir, own, output);
}
