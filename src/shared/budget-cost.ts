/** What a setting or a staged scheme costs: the figures that a token budget is given in. */
import { FULL, ratioPercent, visualTokensPerLayer, type Compression } from './compression.ts';
import { paperFlops, type ModelShape } from './cost.ts';
import { forwardFlops, totalFlops } from './exact-flops.ts';
import { sum } from './sum.ts';

/** A model and the row that it is asked: one image and some text. */
export interface BudgetModel {
  readonly shape: ModelShape;
  /** Of an image, before compression. */
  readonly visualTokens: number;
  readonly textTokens: number;
}

/** Costs of one row's forward pass; of a staged scheme the means over the run. */
export interface BudgetCost {
  /** Visual tokens that each decoder layer runs on. */
  readonly tokensPerLayer: readonly number[];
  /** Their mean over the layers: what VisionZip and PyramidDrop call 192, 128 or 64 tokens. */
  readonly averageTokens: number;
  /** Their sum: #Tokens of the paper. */
  readonly summedTokens: number;
  /** Of the sum without compression, in percent. */
  readonly retainedPercent: number;
  /** Compression ratio in percent (Eq. 3): 100 = none. */
  readonly ratio: number;
  readonly flopsPaper: number;
  /** Vision tower, projector, prefill and the first answer token's head. */
  readonly flopsExact: number;
}

/** The exact count of a row's forward pass at a setting. */
export function exactRowFlops({ shape, visualTokens, textTokens }: BudgetModel, compression: Compression): number {
  return totalFlops(forwardFlops(shape, { groupLengths: [visualTokens], textTokens, headTokens: 1 }, compression));
}

function costFrom(model: BudgetModel, tokensPerLayer: readonly number[], flopsExact: number): BudgetCost {
  const { decoder } = model.shape;
  const summedTokens = sum(tokensPerLayer);
  const full = model.visualTokens * decoder.layers;
  return {
    ...{ tokensPerLayer, summedTokens, averageTokens: summedTokens / decoder.layers },
    ...{ retainedPercent: (100 * summedTokens) / full, ratio: ratioPercent(full, summedTokens) },
    ...{ flopsPaper: paperFlops(decoder, tokensPerLayer, model.textTokens), flopsExact },
  };
}

/** @throws InputError where the setting does not fit the decoder or the image */
export function costOf(model: BudgetModel, compression: Compression): BudgetCost {
  const tokensPerLayer = visualTokensPerLayer([model.visualTokens], model.shape.decoder.layers, compression);
  return costFrom(model, tokensPerLayer, exactRowFlops(model, compression));
}

/** A stage of a scheme: its part of the run. */
export interface CostedStage {
  readonly compression: Compression;
  readonly share: number;
}

/** Costs of a staged scheme, averaged over the run as in Tab. 1 and 2. @param stages with shares that sum to 1 */
export function schemeCost(model: BudgetModel, stages: readonly CostedStage[]): BudgetCost {
  const costs = stages.map(({ compression, share }) => ({ share, cost: costOf(model, compression) }));
  const { layers } = model.shape.decoder;
  const tokensPerLayer = Array.from({ length: layers }, (_, layer) =>
    sum(costs.map(({ share, cost }) => share * (cost.tokensPerLayer[layer] ?? 0))),
  );
  return costFrom(model, tokensPerLayer, sum(costs.map(({ share, cost }) => share * cost.flopsExact)));
}

/** What it costs without compression. */
export const fullCost = (model: BudgetModel): BudgetCost => costOf(model, FULL);
