/** What a recipe's stages come to before anything runs: compression ratio, #Tokens and FLOPs, against full training. */
import { FULL, ratioPercent, visualTokensPerLayer, type Compression } from '../../../../../shared/compression.ts';
import { publishedFlops, type ModelShape, type PublishedFlops } from '../../../../../shared/cost.ts';
import { InputError } from '../../../../../shared/errors.ts';
import { resolveStages, type Stage } from '../../../../../shared/stage.ts';
import type { StagePlan } from '../../../../../shared/stage-plan.ts';
import { sum } from '../../../../../shared/sum.ts';
import { rowTrainingFlops, type TrainingMode } from '../../../../../shared/training-cost.ts';
import { measureOf } from '../timeline/lengths.ts';

/** The mean row of the data, as its cost depends on it. */
export interface MeanRow {
  /** Images or frames; a row with a part of one stands for rows with and without. */
  readonly images: number;
  readonly textTokens: number;
  /** Text tokens that are predicted. */
  readonly headTokens: number;
}

export interface ForecastModel {
  readonly visualTokensPerImage: number;
  readonly shape: ModelShape;
}

export interface ForecastInput {
  readonly plan: StagePlan;
  readonly model: ForecastModel;
  readonly mode: TrainingMode;
  readonly cachedFeatures: boolean;
  readonly row: MeanRow;
  /** Optimizer steps of the run; undefined where they are not known. */
  readonly totalSteps: number | undefined;
  /** Samples of an optimizer step. */
  readonly batchSize: number;
}

/** Costs of the mean row. The published counts are of the forward pass. */
export interface RowCost extends PublishedFlops {
  /** Visual tokens summed over layers (#Tokens of the paper), of one image. */
  readonly visualTokens: number;
  /** Forward and backward pass, every part counted. */
  readonly flopsExact: number;
}

export interface StageForecast extends RowCost {
  readonly stage: Stage;
  /** Part of the run's steps. */
  readonly share: number;
  /** Visual tokens of one image that each decoder layer runs on. */
  readonly tokensPerLayer: readonly number[];
  /** Compression ratio in percent; 100 = none. */
  readonly ratio: number;
}

export interface Forecast {
  readonly stages: readonly StageForecast[];
  /** Where layers were scaled to the model, in words. */
  readonly notices: readonly string[];
  /** Mean over the run. */
  readonly mean: RowCost;
  readonly full: RowCost;
  readonly ratio: number;
  /** Rows the run trains on; undefined where its length is not known. */
  readonly rows: number | undefined;
}

/** Steps to divide among stages where the run's length is not known: shares are exact to a millionth. */
const ASSUMED_STEPS = 1_000_000;

const LENGTH_IS_NEEDED = {
  field: 'stages',
  rule: 'end at steps, so the length of the run must be known first',
  hint: 'Give steps instead of epochs, or shares instead of steps',
};

/** Rows with as many images as the mean says: the next whole numbers below and above it, each with its part. */
function wholeRows(images: number): { readonly images: number; readonly part: number }[] {
  const below = Math.floor(images);
  const above = images - below;
  const rows = [{ images: below, part: 1 - above }];
  return above > 0 ? [...rows, { images: below + 1, part: above }] : rows;
}

function rowCost(compression: Compression, input: ForecastInput): RowCost {
  const { model, row, mode, cachedFeatures } = input;
  const { decoder } = model.shape;
  const perImage = visualTokensPerLayer([model.visualTokensPerImage], decoder.layers, compression);
  const exact = wholeRows(row.images).map(({ images, part }) => {
    const groupLengths = Array.from({ length: images }, () => model.visualTokensPerImage);
    const { textTokens, headTokens } = row;
    const tokens = { groupLengths, textTokens, headTokens };
    return part * rowTrainingFlops(model.shape, tokens, compression, mode, { cachedFeatures });
  });
  const visualPerLayer = perImage.map((tokens) => tokens * row.images);
  return {
    visualTokens: sum(perImage),
    ...publishedFlops(decoder, visualPerLayer, row.textTokens),
    flopsExact: sum(exact),
  };
}

function stageForecast(stage: Stage, totalSteps: number, full: RowCost, input: ForecastInput): StageForecast {
  const { model } = input;
  const cost = rowCost(stage.compression, input);
  return {
    ...cost,
    stage,
    share: (stage.untilStep - stage.firstStep) / totalSteps,
    tokensPerLayer: visualTokensPerLayer([model.visualTokensPerImage], model.shape.decoder.layers, stage.compression),
    ratio: ratioPercent(full.visualTokens, cost.visualTokens),
  };
}

function meanCost(stages: readonly StageForecast[]): RowCost {
  const of = (key: keyof RowCost): number => meanOver(stages, (stage) => stage[key]);
  return {
    visualTokens: of('visualTokens'),
    flopsPaper: of('flopsPaper'),
    flopsFastv: of('flopsFastv'),
    flopsPyramidDrop: of('flopsPyramidDrop'),
    flopsExact: of('flopsExact'),
  };
}

function meanOver(stages: readonly StageForecast[], value: (stage: StageForecast) => number): number {
  return sum(stages.map((stage) => stage.share * value(stage)));
}

/**
 * Forecasts a run.
 *
 * @throws InputError naming stage and limit where the plan does not fit the run's length or the model, and where stages end
 *   at steps of a run whose length is not known.
 */
export function forecastOf(input: ForecastInput): Forecast {
  const { plan, model, batchSize } = input;
  if (input.totalSteps === undefined && measureOf(plan.stages) === 'until') throw new InputError(LENGTH_IS_NEEDED);
  const totalSteps = input.totalSteps ?? ASSUMED_STEPS;
  const { stages: resolved, notices } = resolveStages(plan, totalSteps, model.shape.decoder.layers);
  const full = rowCost(FULL, input);
  const stages = resolved.map((stage) => stageForecast(stage, totalSteps, full, input));
  const mean = meanCost(stages);
  return {
    stages,
    notices,
    mean,
    full,
    ratio: ratioPercent(full.visualTokens, mean.visualTokens),
    rows: input.totalSteps === undefined ? undefined : input.totalSteps * batchSize,
  };
}
