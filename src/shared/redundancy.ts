/** The test-time redundancy study of the paper (Sec. 3.1, Fig. 1a): accuracy against the share of visual tokens that is left. */
import { formatCompression, parseCompression } from './compression.ts';
import type { EvaluationReport, SettingResult } from './evaluation.ts';

/** Accuracy may fall by this much, in percentage points, before too many tokens are gone. */
export const TOLERATED_LOSS_POINTS = 3;

/**
 * Settings K/S for all layers, strides and compressors, and full.
 *
 * @throws InputError where a compressor cannot stand at one of the layers or has no such stride
 */
export function gridCompressions(
  layers: readonly number[],
  strides: readonly number[],
  compressors: readonly string[] = ['average-pool'],
): string[] {
  const settings = compressors.flatMap((compressor) =>
    layers.flatMap((layer) => strides.map((stride) => `${layer}/${stride}:${compressor}`)),
  );
  return ['none', ...new Set(settings.map((text) => formatCompression(parseCompression(text))))].filter(
    (text, i) => i === 0 || text !== 'none',
  );
}

/** A setting with its difference to full. */
export interface RedundancyPoint extends SettingResult {
  /** Percentage points of accuracy, negative where it is worse than full. */
  readonly difference: number;
}

/** Where accuracy falls by more than is tolerated. */
export interface ToleratedLimit<Point> {
  /** The setting that removes the most tokens and loses no more than tolerated. */
  readonly lastTolerated: Point | undefined;
  /** The setting that removes the fewest tokens of those that lose more. */
  readonly firstBeyond: Point | undefined;
}

/** What the study says. */
export interface Redundancy extends ToleratedLimit<RedundancyPoint> {
  readonly full: SettingResult;
  /** By falling share of tokens that are left. */
  readonly points: readonly RedundancyPoint[];
}

/** Whether a setting loses no more than may be lost; `difference` in percentage points. */
export function isTolerated({ difference }: Pick<RedundancyPoint, 'difference'>): boolean {
  // A fall of exactly 3 points is tolerated, whatever the rounding of the subtraction.
  return difference >= -TOLERATED_LOSS_POINTS - 1e-9;
}

/** Finds the limit. @param points in any order; `difference` in percentage points */
export function toleratedLimit<Point extends Pick<RedundancyPoint, 'difference' | 'retainedPercent'>>(
  points: readonly Point[],
): ToleratedLimit<Point> {
  const ordered = [...points].sort((a, b) => b.retainedPercent - a.retainedPercent);
  return {
    lastTolerated: ordered.findLast(isTolerated),
    firstBeyond: ordered.find((point) => !isTolerated(point)),
  };
}

/** The study from an evaluation's settings. Undefined where the evaluation has no full setting to compare with. */
export function redundancyOf({ settings }: EvaluationReport): Redundancy | undefined {
  const full = settings.find(({ compression }) => compression === 'none');
  if (!full) return undefined;
  const points = settings
    .filter((setting) => setting !== full)
    .map((setting) => ({ ...setting, difference: 100 * (setting.accuracy - full.accuracy) }))
    .sort((a, b) => b.retainedPercent - a.retainedPercent);
  return { full, points, ...toleratedLimit(points) };
}
