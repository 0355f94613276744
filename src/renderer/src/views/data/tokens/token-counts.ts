/** What a sample costs a model in tokens: full, and at every stage of a scheme. Pure. */
import {
  FULL,
  formatCompression,
  parseCompression,
  ratioPercent,
  scaleCompression,
  visualTokensPerLayer,
  type Compression,
} from '../../../../../shared/compression.ts';
import { InputError } from '../../../../../shared/errors.ts';
import type { StagePlan } from '../../../../../shared/stage-plan.ts';
import { sum } from '../../../../../shared/sum.ts';

/** What is counted. */
export interface CountedSample {
  /** Images, or frames of the video. */
  readonly groups: number;
  /** Tokens of the whole conversation without visual ones; undefined where they were not counted. */
  readonly textTokens: number | undefined;
}

/** What of a model the counts depend on. */
export interface CountingModel {
  readonly depth: number;
  readonly visualTokensPerImage: number;
}

/** Tokens of a sample at one compression setting. */
export interface TokenCount {
  /** Stage notation K/S at the model's depth; `none` = full. */
  readonly compression: string;
  /** Visual tokens at each decoder layer. */
  readonly visualPerLayer: readonly number[];
  /** #Tokens: visual tokens summed over layers. */
  readonly summedVisual: number;
  /** In percent: 100 = no compression. */
  readonly compressionRatio: number;
  /** Text and visual tokens at the first and at the last layer. */
  readonly firstLayer: number | undefined;
  readonly lastLayer: number | undefined;
}

/** A setting that the sample cannot be run at, and why. */
export interface ImpossibleCount {
  readonly compression: string;
  readonly problem: string;
}

export type CountOrProblem = TokenCount | ImpossibleCount;

/** @throws InputError where the setting does not fit the model. */
function countAt(sample: CountedSample, model: CountingModel, compression: Compression): TokenCount {
  const groups = Array.from({ length: sample.groups }, () => model.visualTokensPerImage);
  const visualPerLayer = visualTokensPerLayer(groups, model.depth, compression);
  const full = sample.groups * model.visualTokensPerImage * model.depth;
  const summedVisual = sum(visualPerLayer);
  const withText = (visual: number | undefined): number | undefined =>
    sample.textTokens === undefined || visual === undefined ? undefined : sample.textTokens + visual;
  return {
    compression: formatCompression(compression),
    visualPerLayer,
    summedVisual,
    compressionRatio: ratioPercent(full, summedVisual),
    firstLayer: withText(visualPerLayer[0]),
    lastLayer: withText(visualPerLayer.at(-1)),
  };
}

/** Tokens without compression. */
export function fullCount(sample: CountedSample, model: CountingModel): TokenCount {
  return countAt(sample, model, FULL);
}

/** Tokens at every stage of a plan, its layers scaled to the model's depth as a training does. */
export function stageCounts(sample: CountedSample, model: CountingModel, plan: StagePlan): CountOrProblem[] {
  return plan.stages.map((stage) => {
    try {
      const given = parseCompression(stage.compression, stage.compressor);
      return countAt(sample, model, scaleCompression(given, plan.stageDepth, model.depth));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return { compression: stage.compression, problem: error.problem.rule };
    }
  });
}
