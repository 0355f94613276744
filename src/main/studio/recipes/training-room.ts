/** What a training keeps in memory and on the disk, by what it trains. */
import type { Recipe } from '../../../shared/recipe.ts';
import { loraParametersPerLayer, trainingMode } from '../../../shared/training-cost.ts';
import { sum } from '../../../shared/sum.ts';
import type { ModelSize } from '../models/model-shape.ts';

/** Values by the part of the model they are in. */
interface PartValues {
  readonly projector: number;
  readonly visionTower: number;
  readonly decoder: number;
  /** Beside the decoder's own. */
  readonly adapters: number;
}

/** Float32. */
const BYTES = 4;
/** Of a trained value: itself, its gradient, and both moments of Adam. */
const [IN_MEMORY, MOMENTS] = [4, 2];
/** The engine itself with TensorFlow. */
const ENGINE_BYTES = 600e6;

const total = ({ projector, visionTower, decoder, adapters }: PartValues): number =>
  projector + visionTower + decoder + adapters;

/** Layers above the selected one and the tower's last norm take no part, so they are not trained. */
function trainedTower({ shape, parts: { vision } }: ModelSize, lastLayers: number | undefined): number {
  const { layers } = shape.vision;
  return lastLayers === undefined ? vision.start + layers * vision.layer : Math.min(lastLayers, layers) * vision.layer;
}

/** The last layers are trained with what lies behind them; all layers with the embeddings too. */
function trainedDecoder({ shape, parts: { decoder } }: ModelSize, lastLayers: number | undefined): number {
  const { layers } = shape.decoder;
  const embeddings = lastLayers === undefined ? decoder.embeddings : 0;
  return embeddings + Math.min(lastLayers ?? layers, layers) * decoder.layer + decoder.behind;
}

function adapterValues(recipe: Recipe, { shape: { decoder } }: ModelSize): number {
  if (recipe.phase === 'vision') return 0;
  const { lora, decoderLayers = decoder.layers } = trainingMode(recipe.train);
  return lora ? Math.min(decoderLayers, decoder.layers) * loraParametersPerLayer(decoder, lora) : 0;
}

/** Values that a recipe trains. Question heads of the vision phase are not counted: the data says how many there are. */
function trainedValues(recipe: Recipe, size: ModelSize): PartValues {
  const adapters = adapterValues(recipe, size);
  if (recipe.phase === 'vision') {
    return { projector: 0, visionTower: trainedTower(size, undefined), decoder: 0, adapters };
  }
  const { parts, projector, visionTower, decoderLayers, visionLayers } = recipe.train;
  return {
    projector: projector === 'trained' ? size.parts.projector : 0,
    visionTower: visionTower === 'trained' ? trainedTower(size, visionLayers) : 0,
    decoder: parts === 'full' ? trainedDecoder(size, decoderLayers) : 0,
    adapters,
  };
}

/** Values that a model folder of the run holds: everything, or beside adapters what the base model has not. */
function savedValues(recipe: Recipe, size: ModelSize, adapters: number): number {
  if (recipe.phase === 'vision' || recipe.train.parts !== 'lora') return size.parameters;
  const { model, train } = recipe;
  const isProjectorOwn = train.projector === 'trained' || model.projector !== undefined;
  const isTowerOwn = train.visionTower === 'trained' || model.tower !== undefined;
  return sum([adapters, isProjectorOwn ? size.parts.projector : 0, isTowerOwn ? size.parts.vision.all : 0]);
}

/** What a training takes. Activations are not counted. */
export interface TrainingRoom {
  /** Values that training changes. */
  readonly trainedParameters: number;
  /** Of the base model and its adapters. */
  readonly parameters: number;
  readonly checkpointBytes: number;
  readonly diskBytes: number;
  readonly memoryBytes: number;
}

/** Counts what a recipe's training keeps: gradients and moments of what is trained, weights of everything. */
export function trainingRoom(recipe: Recipe, size: ModelSize): TrainingRoom {
  const trained = trainedValues(recipe, size);
  const trainedParameters = total(trained);
  const parameters = size.parameters + trained.adapters;
  const modelBytes = BYTES * savedValues(recipe, size, trained.adapters);
  const checkpointBytes = modelBytes + BYTES * MOMENTS * trainedParameters;
  return {
    trainedParameters,
    parameters,
    checkpointBytes,
    // While a new checkpoint is written, the oldest one is still there.
    diskBytes: checkpointBytes * (recipe.checkpoint.keep + 1) + modelBytes,
    memoryBytes: BYTES * (IN_MEMORY * trainedParameters + parameters - trainedParameters) + ENGINE_BYTES,
  };
}
