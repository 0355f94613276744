import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, codeOf } from '../../../shared/errors.ts';
import { isCompressorWeight, openCompressorWeights, saveCompressorWeights } from './compressor-weights.ts';
import { TEXT_FILES } from '../data/tokenizer-files.ts';
import type { LlavaConfig } from './config.ts';
import { writeTextDurably } from './durable-file.ts';
import { formatHuggingFaceConfig, parseLlavaConfig } from './huggingface-config.ts';
import { eosToJson } from './huggingface-text.ts';
import { parameterShapes } from './parameter-shapes.ts';
import { parseStrictJson } from './strict-json.ts';
import { withHeadAsStored } from './siglip-head.ts';
import { openWeightFiles } from './weight-files.ts';
import { writeWeightFiles, type WeightOutput } from './weight-files-write.ts';
import { shapeText, weightSources, weightsOf } from './weight-sources.ts';
import { isInFile, type WeightTensor } from './weight-tensor.ts';

/** A model: weights in memory or in files, under canonical names, in the order of `parameterShapes`, then those that compressors have learnt. */
export interface Model {
  readonly config: LlavaConfig;
  readonly weights: ReadonlyMap<string, WeightTensor>;
}

/** Text files of a model folder that belong to the tokenizer and the image processor; their owners write the content. */
export const COMPANION_FILES = [...TEXT_FILES, 'preprocessor_config.json'] as const;
export type CompanionFiles = Partial<Record<(typeof COMPANION_FILES)[number], string>>;

/** The content of a folder's config.json. @throws InputError where there is none, or it is no JSON */
export async function readConfigJson(dir: string): Promise<unknown> {
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
  return parseStrictJson(bytes, file);
}

/** The configuration of a model folder, without its weights. Throws an `InputError` naming file and field. */
export async function loadModelConfig(dir: string): Promise<LlavaConfig> {
  return parseLlavaConfig(await readConfigJson(dir), join(dir, 'config.json'));
}

/**
 * Opens a Hugging Face model folder: config.json and *.safetensors. Every name and shape is checked against the
 * configuration; the weights stay in their files until they are used. Throws an `InputError`.
 */
export async function loadModelFolder(dir: string): Promise<Model & { readonly dir: string }> {
  const written = await loadModelConfig(dir);
  const files = await openWeightFiles(dir);
  try {
    const found = weightSources(files);
    const config = withHeadAsStored(written, found.keys());
    const learnt = await openCompressorWeights(dir, config);
    return { config, weights: new Map([...weightsOf(config, found, dir), ...learnt]), dir };
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
