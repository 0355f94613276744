/** A stage as the timeline draws it. */
import { compressionRatio, parseCompression, type Compression } from '../../../../../shared/compression.ts';
import { InputError } from '../../../../../shared/errors.ts';
import { formatCount, formatRatio, formatShare } from '../../../format.ts';
import { stageTone, type StageTone } from '../../../stage-tone.ts';
import { layerBands, type LayerBand } from './token-picture.ts';

export interface StageView {
  readonly index: number;
  /** With the model's layers. */
  readonly notation: string;
  readonly begin: number;
  readonly end: number;
  readonly tone: StageTone;
  readonly bands: readonly LayerBand[];
  /** Compression ratio in percent; undefined where the setting does not fit the model. */
  readonly ratio: number | undefined;
  /** `steps 151–300`, where the run's length is known. */
  readonly steps: string | undefined;
}

export interface PictureModel {
  readonly depth: number;
  readonly visualTokens: number;
}

function ratioOf(compression: Compression, { depth, visualTokens }: PictureModel): number | undefined {
  try {
    return compressionRatio([visualTokens], depth, compression);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** `steps 151–300` of stages that end at parts of the run. */
export function stepRange(begin: number, end: number, totalSteps: number | undefined): string | undefined {
  if (totalSteps === undefined) return undefined;
  const [first, last] = [Math.round(begin * totalSteps) + 1, Math.round(end * totalSteps)];
  return first === last ? `step ${formatCount(last)}` : `steps ${formatCount(first)}–${formatCount(last)}`;
}

/**
 * Stages to draw.
 *
 * @param notations K/S of each, with the model's layers
 * @param ends where each stage ends, as part of the run
 */
export function stageViews(
  notations: readonly string[],
  ends: readonly number[],
  model: PictureModel,
  totalSteps?: number,
): StageView[] {
  return notations.map((notation, index) => {
    const compression = parseCompression(notation);
    const [begin, end] = [ends[index - 1] ?? 0, ends[index] ?? 1];
    return {
      index,
      notation,
      begin,
      end,
      tone: stageTone(notation, model.depth),
      bands: layerBands(model.visualTokens, model.depth, compression),
      ratio: ratioOf(compression, model),
      steps: stepRange(begin, end, totalSteps),
    };
  });
}

/** A stage in a sentence, for screen readers and tooltips. */
export function describeStage({ index, notation, begin, end, ratio, steps }: StageView): string {
  const setting = notation === 'none' ? 'no compression' : notation;
  const parts = [
    `${formatShare(end - begin, 1)} of the run`,
    steps,
    ratio && `compression ratio ${formatRatio(ratio)}`,
  ];
  return `Stage ${index + 1}: ${setting}, ${parts.filter(Boolean).join(', ')}`;
}
