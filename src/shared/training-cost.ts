import { FULL, visualTokensPerLayer, type Compression } from './compression.ts';
import { publishedFlops, type DecoderShape, type ModelShape, type PublishedFlops } from './cost.ts';
import { forwardFlops, totalFlops, type CountOptions, type FlopsByPart, type RowTokens } from './exact-flops.ts';
import { LORA_DEFAULTS, type LoraSettings, type LoraTarget } from './recipe-lora.ts';
import type { InstructRecipe } from './recipe.ts';
import { sum } from './sum.ts';

/** What is trained, and how, as far as cost depends on it. */
export interface TrainingMode {
  /** By default true. */
  readonly trainsProjector?: boolean;
  /** The decoder's own weights, not adapters. */
  readonly trainsDecoder: boolean;
  /** Decoder layers at the end that are trained or have adapters; by default all. */
  readonly decoderLayers?: number;
  /** Adapters beside linear maps of the decoder. */
  readonly lora?: Pick<LoraSettings, 'rank' | 'targets'>;
  readonly trainsVisionTower: boolean;
  /** Layers at the end of the used ones that are trained; by default all, and the embeddings. */
  readonly visionLayers?: number;
  /** Decoder layers run forward once more in the backward pass. */
  readonly gradientCheckpointing: boolean;
}

/** The mode of a recipe's `train`. */
export function trainingMode(train: InstructRecipe['train']): TrainingMode {
  const { parts, lora = LORA_DEFAULTS, decoderLayers, projector, visionTower, visionLayers } = train;
  return {
    trainsProjector: projector === 'trained',
    trainsDecoder: parts === 'full',
    trainsVisionTower: visionTower === 'trained',
    gradientCheckpointing: train.gradientCheckpointing,
    ...(parts === 'lora' && { lora }),
    ...(decoderLayers !== undefined && { decoderLayers }),
    ...(visionLayers !== undefined && { visionLayers }),
  };
}

/** Parts of the forward pass's FLOPs that the trained layers at the end have. */
interface TrainedShares {
  readonly vision: number;
  readonly decoderLinear: number;
  readonly decoderAttention: number;
  /** FLOPs of adapters for each FLOP of the linear maps of their layers. */
  readonly adapters: number;
}

const EVERYTHING: TrainedShares = { vision: 1, decoderLinear: 1, decoderAttention: 1, adapters: 0 };

/** Share of the last `count` values in the sum of all. */
const shareOfLast = (values: readonly number[], count: number): number =>
  count >= values.length ? 1 : sum(values.slice(values.length - count)) / sum(values);

/** In and out widths of the linear maps of a decoder layer. */
function mapWidths(decoder: DecoderShape): Readonly<Record<LoraTarget, readonly [number, number]>> {
  const { hiddenSize: d, heads, kvHeads, headDim, intermediateSize: m } = decoder;
  const [q, kv] = [heads * headDim, kvHeads * headDim];
  return {
    ...{ q_proj: [d, q], k_proj: [d, kv], v_proj: [d, kv], o_proj: [q, d] },
    ...{ gate_proj: [d, m], up_proj: [d, m], down_proj: [m, d] },
  };
}

/** Values of the adapters of one decoder layer. */
export function loraParametersPerLayer(
  decoder: DecoderShape,
  { rank, targets }: NonNullable<TrainingMode['lora']>,
): number {
  const widths = mapWidths(decoder);
  return sum(targets.map((target) => rank * (widths[target][0] + widths[target][1])));
}

function sharesOf({ decoder, vision }: ModelShape, tokens: readonly number[], mode: TrainingMode): TrainedShares {
  const layers = mode.decoderLayers ?? decoder.layers;
  const ofLayer = sum(Object.values(mapWidths(decoder)).map(([into, out]) => into * out));
  return {
    vision: Math.min(1, (mode.visionLayers ?? vision.layers) / vision.layers),
    decoderLinear: shareOfLast(tokens, layers),
    decoderAttention: shareOfLast(
      tokens.map((n) => n * n),
      layers,
    ),
    adapters: mode.lora ? loraParametersPerLayer(decoder, mode.lora) / ofLayer : 0,
  };
}

/**
 * Backward FLOPs per forward FLOP of each part. A linear map takes one product for its input's gradient and one for its
 * weight's: the weight's falls away where it is frozen, the input's where nothing trained lies below. The two products of
 * attention take four. The lowest trained layer counts whole, though its first maps need no gradient of their input.
 */
function backwardFactors(mode: TrainingMode, shares: TrainedShares): FlopsByPart {
  const tower = mode.trainsVisionTower ? shares.vision : 0;
  const below = mode.trainsVisionTower ? 1 : 0;
  const projector = (mode.trainsProjector ?? true) ? 1 : 0;
  // Gradients come down to the visual tokens or, where all of the decoder is trained, to the embeddings.
  const passesAll = below + projector > 0 || (mode.trainsDecoder && mode.decoderLayers === undefined);
  const weights = mode.trainsDecoder ? shares.decoderLinear : 0;
  return {
    visionPatches: mode.trainsVisionTower && mode.visionLayers === undefined ? 1 : 0,
    visionLinear: 2 * tower,
    visionAttention: 2 * tower,
    projectorFirst: projector + below,
    projectorSecond: projector + Math.max(projector, below),
    decoderLinear: (passesAll ? 1 : shares.decoderLinear) + weights,
    decoderAttention: 2 * (passesAll ? 1 : shares.decoderAttention),
    lmHead: mode.trainsDecoder ? 2 : 1,
  };
}

/** Exact FLOPs of forward and backward pass from the forward's parts. */
export function trainingFlops(forward: FlopsByPart, mode: TrainingMode, shares: TrainedShares = EVERYTHING): number {
  const factors = backwardFactors(mode, shares);
  const backward = sum((Object.keys(forward) as (keyof FlopsByPart)[]).map((part) => forward[part] * factors[part]));
  // Both of an adapter's matrices are trained: forward once, backward twice.
  const adapters = forward.decoderLinear * shares.decoderLinear * shares.adapters;
  const again = mode.gradientCheckpointing ? forward.decoderLinear + forward.decoderAttention + adapters : 0;
  return totalFlops(forward) + backward + 3 * adapters + again;
}

/**
 * Exact FLOPs of training on one row: forward and backward pass.
 *
 * @throws InputError where the setting does not fit the decoder or the row.
 */
export function rowTrainingFlops(
  model: ModelShape,
  row: RowTokens,
  compression: Compression,
  mode: TrainingMode,
  options: CountOptions = {},
): number {
  const visual = visualTokensPerLayer(row.groupLengths, model.decoder.layers, compression);
  const tokens = visual.map((count) => count + row.textTokens);
  return trainingFlops(forwardFlops(model, row, compression, options), mode, sharesOf(model, tokens, mode));
}

/** What one optimizer step costs. The published counts are of the forward pass, with the rows' own text tokens. */
export interface StepCost extends PublishedFlops {
  /** Visual tokens of all rows, summed over decoder layers (#Tokens of the paper). */
  readonly visualTokens: number;
  readonly visualTokensPerLayer: readonly number[];
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
  const published = publishedFlops(model.decoder, perLayer, row.textTokens);
  return {
    visualTokens: total.visualTokens + sum(perLayer),
    visualTokensPerLayer: total.visualTokensPerLayer.map((tokens, layer) => tokens + (perLayer[layer] ?? 0)),
    flopsPaper: total.flopsPaper + published.flopsPaper,
    flopsFastv: total.flopsFastv + published.flopsFastv,
    flopsPyramidDrop: total.flopsPyramidDrop + published.flopsPyramidDrop,
    flopsExact: total.flopsExact + rowTrainingFlops(model, row, compression, mode, options),
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
    ...{ flopsPaper: 0, flopsFastv: 0, flopsPyramidDrop: 0, flopsExact: 0 },
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
