/** Accuracy against the share of tokens left, as lines of a chart. Pure. */
import { COMPRESSOR_FACTS, type CompressorName } from '../../../../../shared/compressors.ts';
import { PAPER_LAYERS, PAPER_REDUNDANCY } from '../../../../../shared/paper-redundancy.ts';
import { pointOf, type StudyPoint, type StudyResult } from '../../../../../shared/redundancy-study.ts';
import type { LineSeries } from '../../../components/chart/series.ts';

/** What a line joins: the strides of one layer, for one compressor; or those of one compressor, at one layer. */
export type CurveGroup = 'layer' | 'compressor';
/** `difference`: percentage points to full. */
export type CurveScale = 'accuracy' | 'difference';

export interface CurveChoice {
  readonly by: CurveGroup;
  /** What all lines have in common: a compressor, or a layer as text. */
  readonly fixed: string;
  readonly scale: CurveScale;
}

const byShare = (a: StudyPoint, b: StudyPoint): number => a.retainedPercent - b.retainedPercent;

/** What `fixed` can be. */
export function fixedChoices({ points }: StudyResult, by: CurveGroup): { value: string; label: string }[] {
  const places = points.map(pointOf);
  if (by === 'layer') {
    return [...new Set(places.map(({ compressor }) => compressor))].map((value) => ({
      ...{ value, label: COMPRESSOR_FACTS[value].label },
    }));
  }
  const layers = [...new Set(places.map(({ layer }) => layer))].sort((a, b) => a - b);
  return layers.map((layer) => ({ value: String(layer), label: `K ${layer}` }));
}

function lineOf(
  id: string,
  label: string,
  points: readonly StudyPoint[],
  full: StudyPoint,
  scale: CurveScale,
): LineSeries {
  // All lines end at full: nothing is removed there.
  const all = [...points, full].sort(byShare);
  const isAccuracy = scale === 'accuracy';
  const interval = (end: 0 | 1): number[] =>
    all.map(({ bootstrap, differenceInterval }) => (isAccuracy ? 100 * bootstrap[end] : differenceInterval[end]));
  return {
    ...{ id, label, hasDots: true },
    x: all.map(({ retainedPercent }) => retainedPercent),
    y: all.map(({ accuracy, difference }) => (isAccuracy ? 100 * accuracy : difference)),
    ...{ low: interval(0), high: interval(1) },
  };
}

/** A line for each layer or compressor. */
export function studyLines({ full, points }: StudyResult, { by, fixed, scale }: CurveChoice): LineSeries[] {
  const groups = new Map<string, StudyPoint[]>();
  for (const point of points) {
    const { layer, compressor } = pointOf(point);
    const [own, key] = by === 'layer' ? [compressor, String(layer)] : [String(layer), compressor];
    if (own === fixed) groups.set(key, [...(groups.get(key) ?? []), point]);
  }
  const name = (key: string): string => (by === 'layer' ? `K ${key}` : COMPRESSOR_FACTS[key as CompressorName].label);
  return [...groups].map(([key, own]) => lineOf(key, name(key), own, full, scale));
}

/** The paper's figure as dashed lines, in points to full: another model on another dataset. */
export function paperLines(firstColor: number): LineSeries[] {
  return PAPER_LAYERS.map((layer, i) => {
    const own = PAPER_REDUNDANCY.filter((point) => point.layer === layer);
    const all = [...own, { retainedPercent: 100, difference: 0 }].sort((a, b) => a.retainedPercent - b.retainedPercent);
    return {
      ...{ id: `paper-${layer}`, label: `Paper, K ${layer} of 32`, isDashed: true, hasDots: true },
      color: `var(--series-${(firstColor + i) % 12})`,
      x: all.map(({ retainedPercent }) => retainedPercent),
      y: all.map(({ difference }) => difference),
    };
  });
}
