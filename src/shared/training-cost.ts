import { FULL, visualTokensPerLayer, type Compression } from './compression.ts';
import { paperFlops, type ModelShape } from './cost.ts';
import { forwardFlops, totalFlops, type CountOptions, type FlopsByPart, type RowTokens } from './exact-flops.ts';
import { sum } from './sum.ts';

/** What is trained, and how, as far as cost depends on it. The projector is always trained. */
export interface TrainingMode {
  readonly trainsDecoder: boolean;
  readonly trainsVisionTower: boolean;
  /** Decoder layers run forward once more in the backward pass. */
  readonly gradientCheckpointing: boolean;
}

/**
 * Backward FLOPs per forward FLOP of each part. A linear map takes one product for its input's gradient and one for its
 * weight's: the weight's falls away where it is frozen, the input's where nothing trained lies below. The two products of
 * attention take four.
 */
function backwardFactors({ trainsDecoder, trainsVisionTower }: TrainingMode): FlopsByPart {
  const decoderLinear = trainsDecoder ? 2 : 1;
  const tower = trainsVisionTower ? 1 : 0;
  return {
    visionPatches: tower,
    visionLinear: 2 * tower,
    visionAttention: 2 * tower,
    projectorFirst: 1 + tower,
    projectorSecond: 2,
    decoderLinear,
    decoderAttention: 2,
    lmHead: decoderLinear,
  };
}

/** Exact FLOPs of forward and backward pass from the forward's parts. */
export function trainingFlops(forward: FlopsByPart, mode: TrainingMode): number {
  const factors = backwardFactors(mode);
  const backward = sum((Object.keys(forward) as (keyof FlopsByPart)[]).map((part) => forward[part] * factors[part]));
  const recomputed = mode.gradientCheckpointing ? forward.decoderLinear + forward.decoderAttention : 0;
  return totalFlops(forward) + backward + recomputed;
}

/** What one optimizer step costs. */
export interface StepCost {
  /** Visual tokens of all rows, summed over decoder layers (#Tokens of the paper). */
  readonly visualTokens: number;
  readonly visualTokensPerLayer: readonly number[];
  /** Paper-compatible FLOPs of the forward pass, with the rows' own text tokens. */
  readonly flopsPaper: number;
  /** Exact FLOPs of forward and backward pass. */
  readonly flopsExact: number;
}

function addRow(
  total: StepCost,
  row: RowTokens,
  compression: Compression,
  model: ModelShape,
  mode: TrainingMode,
  options: CountOptions,
): StepCost {
  const perLayer = visualTokensPerLayer(row.groupLengths, model.decoder.layers, compression);
  return {
    visualTokens: total.visualTokens + sum(perLayer),
    visualTokensPerLayer: total.visualTokensPerLayer.map((tokens, layer) => tokens + (perLayer[layer] ?? 0)),
    flopsPaper: total.flopsPaper + paperFlops(model.decoder, perLayer, row.textTokens),
    flopsExact: total.flopsExact + trainingFlops(forwardFlops(model, row, compression, options), mode),
  };
}

/**
 * Cost of an optimizer step over all rows of its micro-batches.
 *
 * @throws InputError where the setting does not fit the decoder or a row.
 */
export function stepCost(
  rows: readonly RowTokens[],
  compression: Compression,
  model: ModelShape,
  mode: TrainingMode,
  options: CountOptions = {},
): StepCost {
  const nothing: StepCost = {
    visualTokens: 0,
    visualTokensPerLayer: Array.from({ length: model.decoder.layers }, () => 0),
    flopsPaper: 0,
    flopsExact: 0,
  };
  return rows.reduce((total, row) => addRow(total, row, compression, model, mode, options), nothing);
}

/** Cost of an optimizer step at its compression and, for comparison, in full. */
export function stepCostAgainstFull(
  rows: readonly RowTokens[],
  compression: Compression,
  model: ModelShape,
  mode: TrainingMode,
  options: CountOptions = {},
): { readonly compressed: StepCost; readonly full: StepCost } {
  const full = stepCost(rows, FULL, model, mode, options);
  return { full, compressed: compression.length === 0 ? full : stepCost(rows, compression, model, mode, options) };
}
