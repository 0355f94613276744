/** What would stop a training or surprise its user, found before it starts. */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { resolve } from 'node:path';
import type { DatasetStats } from '../../../shared/api/datasets.ts';
import type { Preflight, PreflightItem, RecipeFacts } from '../../../shared/api/recipes.ts';
import type { IndexHead } from '../../../shared/dataset-index.ts';
import { InputError, messageOf } from '../../../shared/errors.ts';
import { DEFAULT_FRAMES, meanFrames } from '../../../shared/frames.ts';
import { parseRecipe } from '../../../shared/recipe-yaml.ts';
import {
  checkAdapterBase,
  checkRecipeAgainstModel,
  withStages,
  type InstructRecipe,
  type Recipe,
} from '../../../shared/recipe.ts';
import { resolveStages } from '../../../shared/stage.ts';
import type { ModelSize } from '../../../shared/model-size.ts';
import type { ModelLibrary } from '../models/model-library.ts';
import { namedSizes, readModelSize } from '../models/model-shape.ts';
import { schemeOf } from '../presets.ts';
import { conversationItem } from './conversation-item.ts';
import { definedOnly } from '../runs/run-summary.ts';
import type { Workspace } from '../workspace.ts';
import { activationRoom, trainingRoom, type TrainingRoom } from './training-room.ts';

/** What a scan of a conversation file tells. */
export interface ScannedData {
  readonly records: number;
  readonly broken: number;
  readonly firstBroken: string | undefined;
  readonly turns: number;
  /** Pictures, `DEFAULT_FRAMES` of a video. */
  readonly media: number;
  readonly videos: IndexHead['videos'];
  readonly textBytes: number;
  readonly stats: DatasetStats;
}

export interface PreflightTools {
  readonly workspace: Workspace;
  readonly models: ModelLibrary;
  /** Reads a conversation file through, or remembers what an earlier reading found. @throws InputError */
  scan(file: string, images: string | undefined): Promise<ScannedData>;
}

/** English text has about four bytes a token in large vocabularies; small ones trained on the data have somewhat fewer. */
const BYTES_PER_TOKEN = 4;
const SCARCE = 0.8;

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e10 ? 2 : 0)} GB`;
const thousands = (value: number): string => Math.round(value).toLocaleString('en');

type Items = PreflightItem[];

function refused(id: string, title: string, error: unknown): PreflightItem {
  const hint = error instanceof InputError ? error.problem.hint : undefined;
  return { id, level: 'error', title, detail: messageOf(error), whatToDo: hint ?? 'Mend it before you start' };
}

async function checkModel(
  recipe: Recipe,
  { models, workspace }: PreflightTools,
  items: Items,
): Promise<ModelSize | undefined> {
  const { model } = recipe;
  try {
    const sizes = namedSizes();
    checkAdapterBase(recipe, sizes);
    const size = await models.sizeOf(model.from);
    const { decoder } = size.shape;
    const detail = `${model.from}: ${decoder.layers} decoder layers, ${size.visualTokens} visual tokens per image`;
    items.push({ id: 'model', level: 'ok', title: 'Model', detail });
    if (!sizes.includes(model.from)) checkWeights(await models.weightsFolderOf(model.from), model.from, items);
    if (model.tower !== undefined) await checkTower(workspace, model.tower, size, items);
    return size;
  } catch (error) {
    items.push(refused('model', 'Model', error));
    return undefined;
  }
}

/** @param from as the recipe names it: shorter to read than where it lies on this machine */
function checkWeights(folder: string, from: string, items: Items): void {
  const isThere = ['model.safetensors', 'model.safetensors.index.json'].some((name) =>
    existsSync(resolve(folder, name)),
  );
  if (isThere) return;
  const whatToDo = 'Put model.safetensors into the folder, or choose another model';
  items.push({ id: 'weights', level: 'error', title: 'Weights', detail: `${from} holds no weights`, whatToDo });
}

async function checkTower(workspace: Workspace, tower: string, { shape }: ModelSize, items: Items): Promise<void> {
  try {
    const { vision } = (await readModelSize(resolve(workspace.folder, tower))).shape;
    const isAlike = (
      ['hiddenSize', 'intermediateSize', 'imageSize', 'patchSize', 'layers', 'hasClassToken'] as const
    ).every((key) => vision[key] === shape.vision[key]);
    const detail = isAlike ? tower : `${tower} has a tower of another size than the model`;
    const whatToDo = isAlike ? {} : { whatToDo: 'Choose a tower that was trained for this size' };
    items.push({ id: 'tower', level: isAlike ? 'ok' : 'error', title: 'Vision tower', detail, ...whatToDo });
  } catch (error) {
    items.push(refused('tower', 'Vision tower', error));
  }
}

/** Pictures that the samples show together: of a video as many frames as the recipe takes. */
function picturesOf(recipe: Recipe, { media, videos }: ScannedData): number {
  if (recipe.phase === 'vision') return media;
  const { lengths, count } = videos;
  return media + count * (meanFrames(lengths, recipe.data.frames) - meanFrames(lengths, DEFAULT_FRAMES));
}

async function checkData(recipe: Recipe, tools: PreflightTools, items: Items): Promise<ScannedData | undefined> {
  const { train, images } = recipe.data;
  const absolute = (path: string): string => resolve(tools.workspace.folder, path);
  try {
    const data = await tools.scan(absolute(train), images === undefined ? undefined : absolute(images));
    const samples = data.records - data.broken;
    const pictures = picturesOf(recipe, data);
    const detail = `${thousands(samples)} samples with ${thousands(data.turns)} questions and ${thousands(pictures)} pictures`;
    items.push({ id: 'data', level: samples > 0 ? 'ok' : 'error', title: 'Data', detail });
    if (data.broken > 0) {
      const first = data.firstBroken === undefined ? '' : `; the first one: ${data.firstBroken}`;
      const broken = `${thousands(data.broken)} of ${thousands(data.records)} samples are broken${first}`;
      const whatToDo = 'Mend or remove them: training refuses broken samples. The data screen lists them';
      items.push({ id: 'broken', level: 'error', title: 'Broken samples', detail: broken, whatToDo });
    }
    return data;
  } catch (error) {
    items.push(refused('data', 'Data', error));
    return undefined;
  }
}

/** Models of a named size get a tokenizer of the data and our own template: there is nothing to look at yet. */
async function checkConversations(
  recipe: Recipe,
  size: ModelSize | undefined,
  { workspace }: PreflightTools,
  items: Items,
): Promise<void> {
  if (recipe.phase === 'vision' || !size || namedSizes().includes(recipe.model.from)) return;
  try {
    items.push(await conversationItem(recipe, workspace.folder, size.visualTokens));
  } catch (error) {
    items.push(refused('conversations', 'Conversations', error));
  }
}

/** Rows that a conversation file gives: a conversation each, or parts of it. */
function rowsOf(recipe: InstructRecipe, { stats, records, broken, turns }: ScannedData): number {
  const limit = recipe.data.turns;
  if (limit === 'multi') return records - broken;
  if (limit === 'single') return turns;
  const { edges, counts } = stats.turns;
  return counts.reduce((rows, count, i) => rows + count * Math.ceil(((edges[i] ?? 1) + 1e-9) / limit), 0);
}

function stepsOf({ optimizer }: Recipe, rows: number | undefined): number | undefined {
  if (optimizer.steps !== undefined) return optimizer.steps;
  if (rows === undefined) return undefined;
  return Math.max(1, Math.round((optimizer.epochs ?? 1) * Math.max(1, Math.floor(rows / optimizer.batchSize))));
}

function checkStages(recipe: Recipe, size: ModelSize | undefined, steps: number | undefined, items: Items): void {
  if (recipe.phase === 'vision' || !size) return;
  try {
    const depth = size.shape.decoder.layers;
    const facts = { depth, visualTokens: size.visualTokens, visionLayers: size.shape.vision.layers };
    checkRecipeAgainstModel(recipe, facts);
    const notices = steps === undefined ? [] : resolveStages(recipe, steps, depth).notices;
    const count = recipe.stages.length;
    const detail = `${count} ${count === 1 ? 'stage' : 'stages'} fit the model${notices.length > 0 ? `; ${notices.join('; ')}` : ''}`;
    items.push({ id: 'stages', level: 'ok', title: 'Stages', detail });
  } catch (error) {
    const isAboutStages = !(error instanceof InputError) || error.problem.field?.startsWith('train.') !== true;
    items.push(isAboutStages ? refused('stages', 'Stages', error) : refused('layers', 'Trained layers', error));
  }
}

function checkLength(recipe: Recipe, rows: number | undefined, steps: number | undefined, items: Items): void {
  if (steps === undefined || rows === undefined) return;
  const { batchSize } = recipe.optimizer;
  const passes = (steps * batchSize) / Math.max(1, rows);
  const detail = `${thousands(steps)} optimizer steps of ${batchSize} samples: ${passes.toFixed(2)} passes over ${thousands(rows)} rows`;
  if (rows >= batchSize) return void items.push({ id: 'length', level: 'ok', title: 'Length', detail });
  const whatToDo = 'Take a smaller batchSize, or more data';
  items.push({
    id: 'length',
    level: 'error',
    title: 'Length',
    detail: `${detail}. There are fewer rows than a batch takes`,
    whatToDo,
  });
}

interface RowFacts {
  readonly imagesPerRow: number;
  readonly textTokensPerRow: number;
  readonly truncatedRows: number;
}

function rowFacts(recipe: InstructRecipe, data: ScannedData, size: ModelSize, rows: number): RowFacts {
  const samples = Math.max(1, data.records - data.broken);
  // A part of a conversation is shown its pictures again.
  const imagesPerRow = picturesOf(recipe, data) / samples;
  const textTokensPerRow = data.textBytes / BYTES_PER_TOKEN / Math.max(1, rows);
  const room = recipe.data.maxLength - imagesPerRow * size.visualTokens;
  const { edges, counts } = data.stats.textBytes;
  const perRow = rows / samples;
  const longer = counts.reduce((total, count, i) => {
    const middle = ((edges[i] ?? 0) + (edges[i + 1] ?? 0)) / 2;
    return middle / BYTES_PER_TOKEN / perRow > room ? total + count : total;
  }, 0);
  return { imagesPerRow, textTokensPerRow, truncatedRows: Math.round(longer * perRow) };
}

function checkTruncation(facts: RowFacts | undefined, rows: number | undefined, items: Items): void {
  if (!facts || rows === undefined) return;
  const title = 'Truncation';
  if (facts.truncatedRows === 0) {
    return void items.push({
      id: 'truncation',
      level: 'ok',
      title,
      detail: 'No row is estimated to be longer than maxLength',
    });
  }
  const detail = `About ${thousands(facts.truncatedRows)} of ${thousands(rows)} rows are longer than maxLength and are cut`;
  const whatToDo = 'Raise data.maxLength, or split conversations with data.turns';
  items.push({ id: 'truncation', level: 'warning', title, detail, whatToDo });
}

async function checkDisk(bytes: number, { workspace }: PreflightTools, items: Items): Promise<void> {
  const { bavail, bsize } = await statfs(workspace.folder);
  const free = bavail * bsize;
  const detail = `Checkpoints and the model take about ${gigabytes(bytes)}; ${gigabytes(free)} are free`;
  if (bytes < free * SCARCE) return void items.push({ id: 'disk', level: 'ok', title: 'Disk', detail });
  const whatToDo = 'Free some space, or keep fewer checkpoints (checkpoint.keep)';
  items.push({ id: 'disk', level: bytes > free ? 'error' : 'warning', title: 'Disk', detail, whatToDo });
}

/** @param activations of a micro-batch; undefined where they could not be told */
function checkMemory(state: number, activations: number | undefined, items: Items): void {
  const total = totalmem();
  const bytes = state + (activations ?? 0);
  const kept = `Weights, gradients and optimizer take about ${gigabytes(state)}`;
  const detail =
    activations === undefined
      ? `${kept} of ${gigabytes(total)}, activations not counted: measure them with a probe`
      : `${kept}, activations of a micro-batch ${gigabytes(activations)}: ${gigabytes(bytes)} of ${gigabytes(total)}`;
  if (bytes < total * SCARCE) return void items.push({ id: 'memory', level: 'ok', title: 'Memory', detail });
  const whatToDo =
    bytes - state > state
      ? 'Take more micro-batches (optimizer.accumulate) or gradient checkpointing'
      : 'Take a smaller model, or train adapters or the projector alone (train.parts)';
  items.push({ id: 'memory', level: bytes > total ? 'error' : 'warning', title: 'Memory', detail, whatToDo });
}

function checkParts({ parameters, trainedParameters }: TrainingRoom, items: Items): void {
  const share = ((100 * trainedParameters) / parameters).toPrecision(3);
  const detail = `${thousands(trainedParameters)} of ${thousands(parameters)} parameters are trained (${share} %)`;
  items.push({ id: 'parts', level: 'ok', title: 'What is trained', detail });
}

/** Activations at the stage that keeps most; undefined where stages do not fit, which is another item's matter. */
function activationsOf(recipe: Recipe, size: ModelSize, { row, totalSteps }: RunLength): number | undefined {
  if (recipe.phase === 'vision' || !row || totalSteps === undefined) return undefined;
  try {
    return activationRoom(recipe, size, row, totalSteps);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

interface RunLength {
  readonly row: RowFacts | undefined;
  readonly totalSteps: number | undefined;
}

async function checkRoom(
  recipe: Recipe,
  size: ModelSize,
  length: RunLength,
  tools: PreflightTools,
  items: Items,
): Promise<RecipeFacts> {
  const room = trainingRoom(recipe, size);
  checkParts(room, items);
  await checkDisk(room.diskBytes, tools, items);
  const activations = activationsOf(recipe, size, length);
  checkMemory(room.memoryBytes, activations, items);
  return { ...room, ...definedOnly({ activationBytes: activations }) };
}

/**
 * Looks at everything a training needs. Problems are items, not errors.
 *
 * @throws InputError where the recipe itself is wrong: that is told field by field elsewhere
 */
export async function preflight(yaml: string, tools: PreflightTools): Promise<Preflight> {
  const recipe = withStages(parseRecipe(yaml, 'recipe'), schemeOf);
  const items: Items = [];
  const size = await checkModel(recipe, tools, items);
  const data = await checkData(recipe, tools, items);
  const rows = data && (recipe.phase === 'vision' ? data.records - data.broken : Math.round(rowsOf(recipe, data)));
  const totalSteps = stepsOf(recipe, rows);
  if (data) await checkConversations(recipe, size, tools, items);
  checkStages(recipe, size, totalSteps, items);
  checkLength(recipe, rows, totalSteps, items);
  const perRow = recipe.phase === 'instruct' && data && size && rows ? rowFacts(recipe, data, size, rows) : undefined;
  checkTruncation(perRow, rows, items);
  const room = size ? await checkRoom(recipe, size, { row: perRow, totalSteps }, tools, items) : {};
  const facts: RecipeFacts = {
    ...room,
    ...perRow,
    ...definedOnly({
      ...{ totalSteps, rows, samples: data && data.records - data.broken },
      ...{ depth: size?.shape.decoder.layers, visualTokensPerImage: size?.visualTokens },
    }),
  };
  return { items, facts };
}
