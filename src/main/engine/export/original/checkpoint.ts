/** A checkpoint in the layout of the LLaVA authors' code as the Hugging Face model that it is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { templateText } from '../../data/conversation-choice.ts';
import type { LlavaConfig } from '../../model/config.ts';
import { readCompanionFiles, readConfigJson, type CompanionFiles, type Model } from '../../model/model-folder.ts';
import { originalFamily } from '../../model/original-layout.ts';
import { withHeadAsStored } from '../../model/siglip-head.ts';
import { canonicalOriginalName, canonicalTowerName } from '../../model/tensor-names.ts';
import { withSquarePadding } from '../../model/square-padding.ts';
import { openWeightFiles } from '../../model/weight-files.ts';
import { weightSources, weightsOf, type WeightSources } from '../../model/weight-sources.ts';
import type { WeightTensor } from '../../model/weight-tensor.ts';
import { convertedConfig, parseOriginalConfig } from './config.ts';
import { extendTokenizer, type ExtendedTokenizer } from './tokenizer.ts';
import { readTower, type TowerFolder } from './tower.ts';
import { paddedVocabulary, withVocabulary } from './vocabulary.ts';

const PREPROCESSOR = 'preprocessor_config.json';

/** Whether a folder holds a checkpoint in the authors' layout. */
export async function isOriginalFolder(folder: string): Promise<boolean> {
  return existsSync(join(folder, 'config.json')) && originalFamily(await readConfigJson(folder)) !== undefined;
}

/** transformers does not know the authors' classes, so their tensors are converted without them. */
const PICKLE_HINT = [
  'Convert them once in that folder with Python: import glob, torch; from safetensors.torch import save_file;',
  'parts = [torch.load(file, weights_only=True) for file in sorted(glob.glob("pytorch_model*.bin"))];',
  'tensors = {name: tensor.contiguous() for part in parts for name, tensor in part.items()};',
  'save_file(tensors, "model.safetensors")',
].join(' ');

/** Reads what the files of a folder are, and closes them again. */
async function sourcesIn(
  folder: string,
  nameOf: (name: string) => string,
  pickleHint?: string,
): Promise<WeightSources> {
  const files = await openWeightFiles(folder, pickleHint);
  try {
    return weightSources(files, nameOf);
  } finally {
    await files.close();
  }
}

/** The checkpoint's tensors; the tower's are in them where it was trained, else in its own folder. */
async function allSources(folder: string, tower: string): Promise<WeightSources> {
  const own = await sourcesIn(folder, canonicalOriginalName, PICKLE_HINT);
  const hasTower = [...own.keys()].some((name) => name.startsWith('vision_tower.'));
  return hasTower ? own : new Map([...(await sourcesIn(tower, canonicalTowerName)), ...own]);
}

const withRows = (config: LlavaConfig, vocabSize: number): LlavaConfig => ({
  ...config,
  text: { ...config.text, vocabSize },
});

async function openWeights(
  config: LlavaConfig,
  rows: number,
  [folder, tower]: readonly [string, string],
): Promise<{ readonly config: LlavaConfig; readonly weights: ReadonlyMap<string, WeightTensor> }> {
  const found = await allSources(folder, tower);
  const whole = withHeadAsStored(config, found.keys());
  const weights = weightsOf(withRows(whole, rows), found, folder);
  return { config: whole, weights: withVocabulary(weights, config.text.vocabSize) };
}

/** Its own tokenizer, its tower's image processor with the squares, and the conversation that its authors trained it with. */
async function companionsOf(
  folder: string,
  { folder: tower }: TowerFolder,
  { files }: ExtendedTokenizer,
  config: LlavaConfig,
): Promise<CompanionFiles> {
  const image = { ...(await readCompanionFiles(tower)), ...(await readCompanionFiles(folder)) }[PREPROCESSOR];
  const template = templateText({}, config.text.family);
  const own = { ...files, 'chat_template.jinja': template, ...(image !== undefined && { [PREPROCESSOR]: image }) };
  return withSquarePadding(config, own);
}

/**
 * Opens a checkpoint in the authors' layout; its weights stay in their files until they are used.
 *
 * @param tower folder of its vision tower, where that is not where the checkpoint says or beside it
 * @throws InputError naming file and field
 */
export async function openOriginal(
  folder: string,
  tower?: string,
): Promise<Model & { readonly companions: CompanionFiles }> {
  const original = parseOriginalConfig(await readConfigJson(folder), join(folder, 'config.json'));
  const found = await readTower(original, tower);
  const extended = extendTokenizer(folder);
  const { special, size } = extended.tokenizer;
  const rows = original.json.vocab_size;
  const converted = convertedConfig(original, found.vision, {
    vocabSize: paddedVocabulary(rows, size),
    imageTokenId: special.image,
    padTokenId: special.padding ?? null,
  });
  const { config, weights } = await openWeights(converted, rows, [folder, found.folder]);
  return { config, weights, companions: await companionsOf(folder, found, extended, config) };
}
