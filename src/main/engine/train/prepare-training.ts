/** From a recipe to a training loop that is ready to run: dataset, model, rows, and the plan that is shown beforehand. */
import { InputError } from '../../../shared/errors.ts';
import { formatCompression, parseCompression } from '../../../shared/compression.ts';
import type { ExecutionMode } from '../../../shared/execution-mode.ts';
import {
  checkRecipeAgainstModel,
  type InstructRecipe,
  type Recipe,
  type VisionRecipe,
} from '../../../shared/recipe.ts';
import type { RunPlan, StageRecord } from '../../../shared/run-record.ts';
import { resolveStages, type Stage } from '../../../shared/stage.ts';
import { Collator } from '../data/collator.ts';
import { brokenSamplesError, readDataset, type Samples } from '../data/dataset-reader.ts';
import { parseImageProcessor, type ImageProcessor } from '../data/image-processor.ts';
import { BatchSampler } from '../data/sampler.ts';
import { learnsWeight, withCompressorWeights } from '../model/compressor-weights.ts';
import { visionLayersUsed, visualTokensPerImage } from '../model/config.ts';
import { featureCapacity, FeatureCache, type LoadPixels } from '../model/feature-cache.ts';
import { sizeOf } from '../model/host-tensor.ts';
import { isLoraTensor, LORA_SCALING } from '../model/lora.ts';
import type { CompanionFiles } from '../model/model-folder.ts';
import { withSquarePadding } from '../model/square-padding.ts';
import { checkTower, readsTower } from '../model/tower-view.ts';
import { toHostTensor } from '../model/weight-tensor.ts';
import { buildModel, type TrainableModel } from './build-model.ts';
import { sha256OfFile, type Checkpoint } from './checkpoint-format.ts';
import { conversationRows, withConversation } from './conversation-rows.ts';
import { DatasetSource } from './step-source.ts';
import { isTrained } from './trained-parts.ts';
import { Trainer, type TrainerSetup } from './trainer.ts';
import type { TrainingLoop } from './training-loop.ts';
import { TrainingMeasures } from './training-measures.ts';
import { VisionTrainer, type VisionSample } from './vision-trainer.ts';

/** What a training may have besides its recipe. */
export interface PrepareOptions {
  /** The checkpoint to go on from; its model is used then, not the recipe's. */
  readonly from?: Checkpoint;
  /** By default graph. */
  readonly execution?: ExecutionMode;
}

/** A training that can begin. Dispose it when done. */
export interface PreparedTraining {
  readonly loop: TrainingLoop;
  readonly model: TrainableModel;
  readonly plan: RunPlan;
  /** What the user should know: layers that were scaled, samples that were left out. */
  readonly notices: readonly string[];
  /** What a probe asks; none of the vision phase, whose steps are all alike. */
  readonly measures?: TrainingMeasures;
  dispose(): void;
}

const PREPROCESSOR = 'preprocessor_config.json';

interface Loop {
  readonly loop: TrainingLoop;
  readonly weights: TrainableModel['weights'];
  readonly rows: number;
  readonly stages: readonly Stage[];
  readonly isTrained: (name: string) => boolean;
  readonly notices: readonly string[];
  readonly measures?: TrainingMeasures;
  /** Frees what the loop does not own. */
  readonly dispose?: () => void;
}

/** @throws InputError where the model's own file is wrong */
function processorOf({ [PREPROCESSOR]: text = '' }: CompanionFiles): ImageProcessor {
  return parseImageProcessor(JSON.parse(text), PREPROCESSOR);
}

/**
 * Pictures are padded to squares, as LLaVA-1.5 is trained, and what is saved says so. A checkpoint of an earlier version
 * does not, though its run was padded too.
 */
function padding<T extends Pick<TrainableModel, 'config' | 'companions'>>(model: T): T {
  return { ...model, companions: withSquarePadding(model.config, model.companions) };
}

function totalSteps({ steps, epochs = 1 }: Recipe['optimizer'], stepsPerEpoch: number): number {
  return steps ?? Math.max(1, Math.round(epochs * stepsPerEpoch));
}

/** The images of a dataset in its order, up to a number. */
function firstImages(samples: Samples, count: number): string[] {
  const images = new Set<string>();
  for (let i = 0; i < samples.length && images.size < count; i++) {
    for (const image of samples.get(i).images) images.add(image);
  }
  return [...images].slice(0, count);
}

/** Of a model with adapters a checkpoint holds only what the base model has not. */
function savedWeights({ adapter }: TrainableModel): Pick<TrainerSetup, 'saved'> {
  return adapter ? { saved: (name) => isLoraTensor(name) || adapter.whole.has(name) } : {};
}

/** The model's weights with those that the recipe's compressors learn. @throws InputError where they are to learn beside adapters */
function compressingWeights(recipe: InstructRecipe, model: TrainableModel, steps: number): TrainableModel['weights'] {
  const { stages } = resolveStages(recipe, steps, model.config.text.layers);
  const settings = stages.map(({ compression }) => compression);
  if (!model.adapter || !settings.flat().some(learnsWeight)) {
    return withCompressorWeights(model.weights, model.config, settings);
  }
  const rule =
    'must not name a compressor that learns (parametric, pixel-shuffle): an adapter has no room for its weights';
  throw new InputError({ field: 'stages', rule, hint: 'Train with parts: full or projector' });
}

/** @param withView whether one of the recipe's settings asks for the tower's view */
function featureCache(model: TrainableModel, samples: Samples, load: LoadPixels, withView: boolean): FeatureCache {
  const { config, weights } = model;
  const kept = firstImages(samples, featureCapacity(config, { withView }));
  return new FeatureCache(config, weights, load, kept, { withView });
}

function instructLoop(recipe: InstructRecipe, model: TrainableModel, samples: Samples, options: PrepareOptions): Loop {
  const { config } = model;
  checkRecipeAgainstModel(recipe, {
    depth: config.text.layers,
    visualTokens: visualTokensPerImage(config),
    visionLayers: visionLayersUsed(config),
  });
  const { rows, notices } = conversationRows(recipe, model, samples);
  const { batchSize, accumulate } = recipe.optimizer;
  const processor = processorOf(model.companions);
  const { cacheFeatures } = recipe.train;
  const collator = new Collator({ rows, processor, loadPixels: !cacheFeatures });
  const load: LoadPixels = (images) => collator.pixelValues(images);
  const settings = recipe.stages.map(({ compression, compressor }) => parseCompression(compression, compressor));
  settings.forEach((setting, i) => checkTower(setting, config, `stages[${i}].compression`));
  const cache = cacheFeatures ? featureCache(model, samples, load, settings.some(readsTower)) : undefined;
  const { lengths, modalities } = rows;
  const sampler = new BatchSampler({ lengths, modalities, batchSize, seed: recipe.seed });
  const source = new DatasetSource(collator, sampler, accumulate, ({ pixelValues, images }) =>
    cache ? cache.read(images) : { pixels: pixelValues, imageSize: processor.imageSize },
  );
  const steps = totalSteps(recipe.optimizer, source.stepsPerEpoch);
  const weights = compressingWeights(recipe, model, steps);
  const saved = savedWeights(model);
  const loop = new Trainer({ recipe, config, weights, source, totalSteps: steps, ...saved, ...options });
  const images = (): number => firstImages(samples, Infinity).length;
  return {
    loop,
    weights,
    measures: new TrainingMeasures({ recipe, config, rows, sampler, collator, cache, images }),
    rows: rows.length,
    stages: loop.scheduler.stages,
    isTrained: isTrained(recipe.train, config),
    notices: [...notices, ...loop.scheduler.notices],
    dispose: () => cache?.dispose(),
  };
}

/** Every sample with one image, with what is asked about it. */
function visionSamples(samples: Samples): VisionSample[] {
  const found: VisionSample[] = [];
  for (let i = 0; i < samples.length; i++) {
    const { id, images, turns, modality } = samples.get(i);
    const [image, ...more] = images;
    if (modality === 'image' && image !== undefined && more.length === 0) found.push({ id, image, questions: turns });
  }
  return found;
}

function visionLoop(recipe: VisionRecipe, model: TrainableModel, samples: Samples, options: PrepareOptions): Loop {
  const { config, weights } = model;
  const chosen = visionSamples(samples);
  if (chosen.length === 0) throw new InputError({ file: recipe.data.train, rule: 'has no samples with one image' });
  const noRows = (): never => {
    throw new Error('the vision phase has no rows');
  };
  const collator = new Collator({
    rows: { encode: noRows },
    processor: processorOf(model.companions),
    loadPixels: true,
  });
  const stepsPerEpoch = Math.max(1, Math.floor(chosen.length / recipe.optimizer.batchSize));
  const loop = new VisionTrainer({
    recipe,
    config,
    weights,
    samples: chosen,
    loadPixels: (images) => collator.pixelValues(images),
    totalSteps: totalSteps(recipe.optimizer, stepsPerEpoch),
    ...options,
  });
  if (loop.heads.questionCount === 0) {
    const value = recipe.vision.minimumQuestionCount;
    const rule = 'leaves no question to classify: none is asked this often and has two answers';
    throw new InputError({ field: 'vision.minimumQuestionCount', value, rule, hint: 'Lower it' });
  }
  const reached = isTrained({ parts: 'projector', visionTower: 'trained' }, config);
  const isTowerTrained = (name: string): boolean => name.startsWith('vision_tower.') && reached(name);
  const heads = `${loop.heads.questionCount} questions with ${loop.heads.classCount} answers are classified`;
  return { loop, weights, rows: chosen.length, stages: [], isTrained: isTowerTrained, notices: [heads] };
}

/** The vision phase saves what it does not train with every checkpoint: it must outlast the file that it came from. */
function withRestInMemory(model: TrainableModel): TrainableModel {
  const weights = [...model.weights].map(
    ([name, weight]) => [name, name.startsWith('vision_tower.') ? weight : toHostTensor(weight)] as const,
  );
  return { ...model, weights: new Map(weights) };
}

const stageRecord = ({ firstStep, untilStep, compression }: Stage): StageRecord => ({
  firstStep,
  untilStep,
  compression: formatCompression(compression),
});

function countWeights({ weights }: Loop, counts: (name: string) => boolean): number {
  return [...weights].reduce((total, [name, { shape }]) => total + (counts(name) ? sizeOf(shape) : 0), 0);
}

function modelPlan({ config }: Pick<TrainableModel, 'config'>, loop: Loop): RunPlan['model'] {
  return {
    parameters: countWeights(loop, (name) => !name.endsWith(LORA_SCALING)),
    trained: countWeights(loop, loop.isTrained),
    depth: config.text.layers,
    visualTokensPerImage: visualTokensPerImage(config),
  };
}

/**
 * Reads the data, builds or loads the model and makes the loop.
 *
 * @param recipe with absolute paths
 * @throws InputError naming file, field and rule
 */
export async function prepareTraining(recipe: Recipe, options: PrepareOptions = {}): Promise<PreparedTraining> {
  const { train, images } = recipe.data;
  const frames = recipe.phase === 'vision' ? undefined : recipe.data.frames;
  const { samples, broken } = readDataset(train, {
    ...(images !== undefined && { images }),
    frames,
    repeatedIds: true,
  });
  try {
    if (broken.length > 0) throw brokenSamplesError(train, broken);
    const opened = withConversation(recipe, padding(options.from ?? (await buildModel(recipe, samples))));
    const model = recipe.phase === 'vision' ? withRestInMemory(opened) : opened;
    const loop =
      recipe.phase === 'vision'
        ? visionLoop(recipe, model, samples, options)
        : instructLoop(recipe, model, samples, options);
    const plan: RunPlan = {
      phase: recipe.phase,
      totalSteps: loop.loop.totalSteps,
      accumulate: recipe.phase === 'vision' ? 1 : recipe.optimizer.accumulate,
      stages: loop.stages.map(stageRecord),
      model: modelPlan(model, loop),
      data: { samples: samples.length, rows: loop.rows, sha256: await sha256OfFile(train) },
    };
    const dispose = (): void => {
      samples.close();
      loop.loop.dispose();
      loop.dispose?.();
    };
    const { notices, measures } = loop;
    return { loop: loop.loop, model, plan, notices, ...(measures && { measures }), dispose };
  } catch (error) {
    samples.close();
    throw error;
  }
}
