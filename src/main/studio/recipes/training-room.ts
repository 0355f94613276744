/** What a training keeps in memory and on the disk, by what it trains. */
import type { Recipe } from '../../../shared/recipe.ts';
import type { ModelSize } from '../../../shared/model-size.ts';
import { sum } from '../../../shared/sum.ts';
import { totalValues, trainedParameters } from '../../../shared/trained-parameters.ts';
import { trainingMode, type TrainingMode } from '../../../shared/training-cost.ts';
import { BYTES_PER_VALUE, stateMemory, totalState } from '../../../shared/training-memory.ts';

/** The vision phase trains the tower alone. Its question heads are not counted: the data says how many there are. */
function modeOf(recipe: Recipe): TrainingMode {
  if (recipe.phase !== 'vision') return trainingMode(recipe.train);
  return { trainsProjector: false, trainsDecoder: false, trainsVisionTower: true, gradientCheckpointing: false };
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
  const mode = modeOf(recipe);
  const trained = trainedParameters(size, mode);
  const state = stateMemory(size, mode);
  const modelBytes = BYTES_PER_VALUE * savedValues(recipe, size, trained.adapters);
  const checkpointBytes = modelBytes + state.moments;
  return {
    trainedParameters: totalValues(trained),
    parameters: size.parameters + trained.adapters,
    checkpointBytes,
    // While a new checkpoint is written, the oldest one is still there.
    diskBytes: checkpointBytes * (recipe.checkpoint.keep + 1) + modelBytes,
    memoryBytes: totalState(state),
  };
}
