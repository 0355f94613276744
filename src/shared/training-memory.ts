/** What a training keeps in memory, in bytes of float32 values. */
import { ATTENTION_CHUNK } from './attention-chunk.ts';
import { projectedLengths, visualTokensPerLayer, type Compression } from './compression.ts';
import { COMPRESSOR_FACTS } from './compressors.ts';
import type { DecoderShape, ModelShape, VisionShape } from './cost.ts';
import type { RowTokens } from './exact-flops.ts';
import type { ModelSize } from './model-size.ts';
import { sum } from './sum.ts';
import { totalValues, trainedParameters } from './trained-parameters.ts';
import type { TrainingMode } from './training-cost.ts';

/** Of a float32. */
export const BYTES_PER_VALUE = 4;
/** Adam keeps two of every trained value. */
export const MOMENTS = 2;
/** The engine itself with TensorFlow. */
const ENGINE_BYTES = 600e6;

/** Bytes that stay the same from step to step, and gradients. */
export interface StateMemory {
  /** Of the base model and its adapters. */
  readonly weights: number;
  readonly gradients: number;
  readonly moments: number;
  readonly engine: number;
}

/** Weights of everything; gradients and moments of what is trained. */
export function stateMemory(size: ModelSize, mode: TrainingMode): StateMemory {
  const trained = trainedParameters(size, mode);
  const gradients = BYTES_PER_VALUE * totalValues(trained);
  return {
    weights: BYTES_PER_VALUE * (size.parameters + trained.adapters),
    gradients,
    moments: MOMENTS * gradients,
    engine: ENGINE_BYTES,
  };
}

/** Sum over the parts. */
export const totalState = ({ weights, gradients, moments, engine }: StateMemory): number =>
  sum([weights, gradients, moments, engine]);

/**
 * Values that a decoder layer's ops keep of one token for the backward pass: input, both norms' results and the state
 * between attention and MLP; queries, keys, values, attended heads twice (split and merged); gate, up and their product;
 * scales of the norms, logarithms of the softmax's sums, and what lies between an adapter's two matrices.
 */
function keptPerToken(
  { hiddenSize: d, intermediateSize: m, heads, kvHeads, headDim }: DecoderShape,
  { lora }: TrainingMode,
): number {
  const adapters = lora ? lora.rank * lora.targets.length : 0;
  return 4 * d + 3 * heads * headDim + 2 * kvHeads * headDim + 3 * m + heads + 2 + adapters;
}

/** Cosines and sines of queries and keys, of one token: layers between two compression points share them. */
const tablesPerToken = ({ heads, kvHeads, headDim }: DecoderShape): number => 2 * (heads + kvHeads) * headDim;

/** Gradients come down to the first layer unless only the last layers have anything trained. */
function firstTracedLayer({ layers }: DecoderShape, mode: TrainingMode): number {
  const isTracedBelow = (mode.trainsProjector ?? true) || mode.trainsVisionTower;
  return isTracedBelow ? 0 : layers - Math.min(mode.decoderLayers ?? layers, layers);
}

/**
 * Values that the backward pass of a layer with `tokens` tokens makes and drops: nine of the MLP's width for the gated
 * unit, and seven of the last attention chunk's scores.
 */
const workingValues = ({ intermediateSize, heads }: DecoderShape, tokens: number): number =>
  tokens * (9 * intermediateSize + 7 * heads * Math.min(ATTENTION_CHUNK, tokens));

function decoderValues(decoder: DecoderShape, tokens: readonly number[], mode: TrainingMode): number {
  const traced = tokens.slice(firstTracedLayer(decoder, mode));
  const stretches = traced.filter((count, i) => i === 0 || count !== traced[i - 1]);
  const longest = Math.max(...traced);
  const always = sum(stretches) * tablesPerToken(decoder) + workingValues(decoder, longest);
  const kept = keptPerToken(decoder, mode);
  if (!mode.gradientCheckpointing) return always + sum(traced) * kept;
  // Every layer keeps its input; one at a time has its inside made again.
  return always + sum(traced) * decoder.hiddenSize + longest * (kept - decoder.hiddenSize);
}

/** Logits with their gradients, and the head's input before and after its norm, for the supervised tokens. */
const headValues = ({ hiddenSize, vocabSize }: DecoderShape, tokens: number): number =>
  tokens * 2 * (hiddenSize + vocabSize);

/** Input of the first map, and input and result of the activation; where channels are folded, the features. */
function projectorValues(
  { vision, decoder }: ModelShape,
  groupLengths: readonly number[],
  compression: Compression,
  mode: TrainingMode,
): number {
  const tokens = sum(projectedLengths(groupLengths, compression));
  const folds = compression.some(({ compressor }) => COMPRESSOR_FACTS[compressor].foldsChannels);
  // A map that folds channels is trained whatever else is.
  const isTraced = folds || (mode.trainsProjector ?? true) || mode.trainsVisionTower;
  const folded = folds ? sum(groupLengths) * vision.hiddenSize : 0;
  return isTraced ? folded + tokens * (vision.hiddenSize + 2 * decoder.hiddenSize) : 0;
}

/** Of a tower's layer: two norms with their results, queries, keys, values, attended heads twice, the MLP's inside twice. */
function towerValues(vision: VisionShape, images: number, mode: TrainingMode): number {
  if (!mode.trainsVisionTower) return 0;
  const patches = Math.floor(vision.imageSize / vision.patchSize) ** 2;
  const tokens = images * (patches + (vision.hasClassToken ? 1 : 0));
  const layers = Math.min(mode.visionLayers ?? vision.layers, vision.layers);
  return layers * tokens * (9 * vision.hiddenSize + 2 * vision.intermediateSize);
}

/**
 * Bytes of the activations that a micro-batch of `batch` like rows keeps for its backward pass, as the engine's ops save
 * them, with what the backward pass of a layer makes beside. Padding is not counted.
 *
 * @throws InputError where the setting does not fit the decoder or the row
 */
export function activationBytes(
  model: ModelShape,
  { groupLengths, textTokens, headTokens }: RowTokens,
  batch: number,
  compression: Compression,
  mode: TrainingMode,
): number {
  const { decoder, vision } = model;
  const tokens = visualTokensPerLayer(groupLengths, decoder.layers, compression).map((visual) => visual + textTokens);
  const perRow = sum([
    towerValues(vision, groupLengths.length, mode),
    projectorValues(model, groupLengths, compression, mode),
    decoderValues(decoder, tokens, mode),
    headValues(decoder, headTokens),
  ]);
  return BYTES_PER_VALUE * batch * perRow;
}
