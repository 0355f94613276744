import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../../../shared/errors.ts';
import type { Recipe } from '../../../shared/recipe.ts';
import { VICUNA_CHAT_TEMPLATE } from '../data/chat-template.ts';
import type { Samples } from '../data/dataset-reader.ts';
import { Tokenizer } from '../data/tokenizer.ts';
import { trainTokenizer } from '../data/tokenizer-training.ts';
import type { HostTensor } from '../model/host-tensor.ts';
import { initialiseWeights } from '../model/initialise.ts';
import { loadModelFolder, readCompanionFiles, type CompanionFiles, type Model } from '../model/model-folder.ts';
import { configOfSize, namedSizes, resolveModel } from '../model/named-size.ts';
import { processorFiles } from '../model/processor-config.ts';

/** A model with the tokenizer and processor files that belong to it. */
export interface TrainableModel extends Model {
  readonly companions: CompanionFiles;
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
  const { 'tokenizer.json': json, 'tokenizer_config.json': config } = companions;
  if (json === undefined) throw new InputError({ file: 'tokenizer.json', rule: 'is missing from the model folder' });
  return Tokenizer.parse(JSON.parse(json), JSON.parse(config ?? '{}'), 'tokenizer.json');
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
async function withTower(model: TrainableModel, folder: string): Promise<TrainableModel> {
  const other = await loadModelFolder(folder);
  const differs = Object.entries<unknown>({ ...model.config.vision }).find(
    ([key, value]) => !isDeepStrictEqual(value, (other.config.vision as unknown as Record<string, unknown>)[key]),
  );
  if (differs) {
    const [key, value] = differs;
    const rule = `must have the model's vision tower: ${key} is ${String(value)} there`;
    throw new InputError({ file: folder, field: 'model.tower', rule });
  }
  const weights = new Map<string, HostTensor>();
  for (const [name, tensor] of model.weights) {
    weights.set(name, (name.startsWith('vision_tower.') && other.weights.get(name)) || tensor);
  }
  return { ...model, weights };
}

/**
 * The model that a run starts with: built from scratch with random weights and a tokenizer of the training text where the
 * recipe names a size, else loaded from a folder.
 *
 * @throws InputError naming file and field
 */
export async function buildModel({ model, seed }: Recipe, samples: Samples): Promise<TrainableModel> {
  const { from, tower } = model;
  const base = namedSizes().includes(from)
    ? newModel(from, seed, samples)
    : { ...(await loadModelFolder(from)), companions: await readCompanionFiles(from) };
  return tower === undefined ? base : withTower(base, tower);
}
