import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../../../shared/errors.ts';
import { checkAdapterBase, type Recipe } from '../../../shared/recipe.ts';
import { VICUNA_CHAT_TEMPLATE } from '../data/conversation-templates.ts';
import type { Samples } from '../data/dataset-reader.ts';
import { Tokenizer } from '../data/tokenizer.ts';
import { trainTokenizer } from '../data/tokenizer-training.ts';
import { readOwnAndBaseFiles } from '../model/adapter-folder.ts';
import { initialiseWeights } from '../model/initialise.ts';
import { loadPlainModel } from '../model/lora-merge.ts';
import type { CompanionFiles, Model } from '../model/model-folder.ts';
import { configOfSize, namedSizes, resolveModel } from '../model/named-size.ts';
import { processorFiles } from '../model/processor-config.ts';
import type { SavedAdapter } from './checkpoint-format.ts';
import { findModelFolder } from './find-model.ts';
import { loadLoraModel } from './lora-model.ts';

/** A model with the tokenizer and processor files that belong to it. */
export interface TrainableModel extends Model {
  readonly companions: CompanionFiles;
  /** Of a model with adapters. */
  readonly adapter?: SavedAdapter;
}

/** Largest vocabulary of a tokenizer that is trained on the run's own text; small texts give a smaller one. */
const MAX_VOCABULARY = 4096;

/** The conversations as the model will see them, so that the words of the chat format become tokens too. */
function* trainingTexts(samples: Samples): Generator<string> {
  for (let i = 0; i < samples.length; i++) {
    const { system, turns } = samples.get(i);
    if (system !== undefined) yield system;
    for (const { question, answer } of turns) yield `USER: ${question} ASSISTANT: ${answer}`;
  }
}

/** The tokenizer of a model's files. @throws InputError naming the file */
export function tokenizerOf(companions: CompanionFiles): Tokenizer {
  return Tokenizer.fromFiles(companions);
}

function newModel(name: string, seed: number, samples: Samples): TrainableModel {
  const size = resolveModel(name);
  const tokenizerFiles = trainTokenizer(trainingTexts(samples), MAX_VOCABULARY);
  const tokenizer = tokenizerOf(tokenizerFiles);
  const config = configOfSize(size, {
    vocabSize: tokenizer.size,
    imageTokenId: tokenizer.special.image,
    bosTokenId: tokenizer.prefix[0] ?? null,
    eosTokenId: tokenizer.special.endOfText,
    padTokenId: tokenizer.special.padding ?? null,
  });
  const companions = { ...tokenizerFiles, ...processorFiles(config), 'chat_template.jinja': VICUNA_CHAT_TEMPLATE };
  return { config, weights: initialiseWeights(config, seed, size.start), companions };
}

/** Replaces the vision tower by another model's. @throws InputError where the two are not built alike */
function withTower(model: TrainableModel, other: Model, folder: string): TrainableModel {
  const differs = Object.entries<unknown>({ ...model.config.vision }).find(
    ([key, value]) => !isDeepStrictEqual(value, (other.config.vision as unknown as Record<string, unknown>)[key]),
  );
  if (differs) {
    const [key, value] = differs;
    const rule = `must have the model's vision tower: ${key} is ${String(value)} there`;
    throw new InputError({ file: folder, field: 'model.tower', rule });
  }
  return withWeightsOf(other, model, 'vision_tower.');
}

/** Replaces the projector by another model's. @throws InputError where its widths are others */
function withProjector(model: TrainableModel, other: Model, folder: string): TrainableModel {
  const isOwn = (name: string): boolean => name.startsWith('multi_modal_projector.');
  const shapes = ({ weights }: Model): string =>
    JSON.stringify([...weights].filter(([name]) => isOwn(name)).map(([name, { shape }]) => [name, shape]));
  if (shapes(model) !== shapes(other)) {
    const rule = "must have a projector of the model's shape: tower, decoder width or biases are others";
    throw new InputError({ file: folder, field: 'model.projector', rule });
  }
  return withWeightsOf(other, model, 'multi_modal_projector.');
}

function withWeightsOf(other: Model, model: TrainableModel, prefix: string): TrainableModel {
  const weights = new Map(model.weights);
  for (const name of weights.keys()) {
    const replacement = name.startsWith(prefix) ? other.weights.get(name) : undefined;
    if (replacement) weights.set(name, replacement);
  }
  return { ...model, weights };
}

async function loadedModel(path: string, recipe: Recipe): Promise<TrainableModel> {
  const folder = await findModelFolder(path);
  const isLora = recipe.phase === 'instruct' && recipe.train.parts === 'lora';
  const model = isLora ? await loadLoraModel(folder, recipe) : await loadPlainModel(folder);
  return { ...model, companions: await readOwnAndBaseFiles(folder) };
}

/**
 * The model that a run starts with: built from scratch with random weights and a tokenizer of the training text where the
 * recipe names a size, else loaded from a model folder, an adapter or a run.
 *
 * @throws InputError naming file and field
 */
export async function buildModel(recipe: Recipe, samples: Samples): Promise<TrainableModel> {
  const { from, tower, projector } = recipe.model;
  const sizes = namedSizes();
  checkAdapterBase(recipe, sizes);
  let model = sizes.includes(from) ? newModel(from, recipe.seed, samples) : await loadedModel(from, recipe);
  if (tower !== undefined) model = withTower(model, await loadPlainModel(await findModelFolder(tower)), tower);
  if (projector === undefined) return model;
  return withProjector(model, await loadPlainModel(await findModelFolder(projector)), projector);
}
