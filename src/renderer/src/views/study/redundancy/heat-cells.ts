/** The heat map of a study as values: a table of K × S for each compressor. Pure. */
import type { StudyDetail, StudySummary } from '../../../../../shared/api/studies.ts';
import type { CompressorName } from '../../../../../shared/compressors.ts';
import type { EvaluationProgress } from '../../../../../shared/evaluation.ts';
import { isTolerated } from '../../../../../shared/redundancy.ts';
import { pointOf, type StudyPoint } from '../../../../../shared/redundancy-study.ts';
import { signed } from '../../../../../shared/signed.ts';
import { probabilityText } from '../../../../../shared/probability-words.ts';
import { differenceText } from '../../../../../shared/study-words.ts';
import { formatShare } from '../../../format.ts';

export interface HeatCell {
  readonly compression: string;
  readonly layer: number;
  readonly stride: number;
  readonly accuracy: number;
  /** To full, percentage points. */
  readonly difference: number;
  readonly isTolerated: boolean;
  /** All there is to say about it. */
  readonly text: string;
}

export interface HeatTable {
  readonly compressor: CompressorName;
  readonly strides: readonly number[];
  readonly rows: readonly { readonly layer: number; readonly cells: readonly (HeatCell | undefined)[] }[];
}

/** A loss that is painted as strongly as any larger one, percentage points. */
const STRONGEST = 15;
/** Part of the signal colour in the strongest cell: text stays readable on it in both themes. */
const MOST_COLOR = 48;

type Scored = Pick<StudyPoint, 'compression' | 'accuracy' | 'difference'>;

function wholeText(point: StudyPoint): string {
  const [low, high] = point.bootstrap;
  return [
    `${point.compression}: ${formatShare(point.accuracy)} right (95 %: ${formatShare(low)} to ${formatShare(high)})`,
    differenceText(point),
    `${point.lost} lost, ${point.gained} gained, ${probabilityText(point.probability)}`,
    `${point.retainedPercent.toFixed(1)} % of the visual tokens left, CR ${point.compressionRatio.toFixed(0)} %`,
  ].join(' · ');
}

function cellOf(scored: Scored, text: string): HeatCell {
  const { layer, stride } = pointOf(scored);
  const { compression, accuracy, difference } = scored;
  return { compression, layer, stride, accuracy, difference, isTolerated: isTolerated(scored), text };
}

/** Cells of scores so far: no intervals yet. */
function liveCells({ scores }: EvaluationProgress): HeatCell[] {
  const share = ({ questions, correct }: { questions: number; correct: number }): number =>
    questions === 0 ? 0 : correct / questions;
  const full = scores.find(({ compression }) => compression === 'none');
  if (!full || full.score.questions === 0) return [];
  return scores
    .filter((one) => one !== full)
    .map(({ compression, score }) => {
      const accuracy = share(score);
      const difference = 100 * (accuracy - share(full.score));
      const text = `${compression}: ${formatShare(accuracy)} of ${score.questions} questions so far, ${signed(difference, 2)} points`;
      return cellOf({ compression, accuracy, difference }, text);
    });
}

const rising = (values: readonly number[]): number[] => [...new Set(values)].sort((a, b) => a - b);

/** A table for each compressor, in the order they are asked; empty before the first answers. */
export function heatTables(
  { request }: Pick<StudySummary, 'request'>,
  { result, progress }: Pick<StudyDetail, 'result' | 'progress'>,
): HeatTable[] {
  const cells = result
    ? result.points.map((point) => cellOf(point, wholeText(point)))
    : progress
      ? liveCells(progress)
      : [];
  if (cells.length === 0) return [];
  const [layers, strides] = [rising(request.layers), rising(request.strides)];
  return request.compressors.map((compressor) => {
    const own = cells.filter((cell) => pointOf(cell).compressor === compressor);
    const at = (layer: number, stride: number): HeatCell | undefined =>
      own.find((cell) => cell.layer === layer && cell.stride === stride);
    return {
      ...{ compressor, strides },
      rows: layers.map((layer) => ({ layer, cells: strides.map((stride) => at(layer, stride)) })),
    };
  });
}

/** CSS colour of a cell: the more it loses the redder, the more it gains the greener. */
export function cellColor({ difference }: Pick<HeatCell, 'difference'>): string {
  const part = Math.round(MOST_COLOR * Math.sqrt(Math.min(1, Math.abs(difference) / STRONGEST)));
  return `color-mix(in oklab, var(${difference < 0 ? '--bad' : '--good'}) ${part}%, var(--surface-2))`;
}
