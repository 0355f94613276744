/** What a training keeps in memory and on the disk, by what it trains. */
import type { InstructRecipe, Recipe } from '../../../shared/recipe.ts';
import type { ModelSize } from '../../../shared/model-size.ts';
import { resolveStages } from '../../../shared/stage.ts';
import { sum } from '../../../shared/sum.ts';
import { totalValues, trainedParameters } from '../../../shared/trained-parameters.ts';
import { trainingMode, type TrainingMode } from '../../../shared/training-cost.ts';
import { activationBytes, BYTES_PER_VALUE, stateMemory, totalState } from '../../../shared/training-memory.ts';

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

/** The mean row of a recipe's data. */
export interface MeanRow {
  readonly imagesPerRow: number;
  readonly textTokensPerRow: number;
}

/**
 * Bytes of the activations of a micro-batch of mean rows at the stage that keeps most of them. Every text token counts as
 * supervised.
 *
 * @param totalSteps of the run
 * @throws InputError where the stages do not fit the run or the model
 */
export function activationRoom(recipe: InstructRecipe, size: ModelSize, row: MeanRow, totalSteps: number): number {
  const { shape, visualTokens } = size;
  const { batchSize, accumulate } = recipe.optimizer;
  const groupLengths = Array.from({ length: Math.ceil(row.imagesPerRow) }, () => visualTokens);
  const textTokens = Math.ceil(row.textTokensPerRow);
  const tokens = { groupLengths, textTokens, headTokens: textTokens };
  const { stages } = resolveStages(recipe, totalSteps, shape.decoder.layers);
  const mode = trainingMode(recipe.train);
  return Math.max(
    ...stages.map(({ compression }) => activationBytes(shape, tokens, batchSize / accumulate, compression, mode)),
  );
}
