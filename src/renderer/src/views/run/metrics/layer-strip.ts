/** The visual tokens of each decoder layer over a run, as a strip of cells: one row a layer, one column a slice of the axis. */
import { parseCompression, visualTokensPerLayer } from '../../../../../shared/compression.ts';
import type { RunPlan } from '../../../../../shared/run-record.ts';
import { sum } from '../../../../../shared/sum.ts';
import { nearestIndex, type Columns } from './curve.ts';

/**
 * Part of a step's visual tokens, summed over layers, that each layer runs on. All groups are equally long, so it is the
 * same for every batch.
 */
export function layerShares({ depth, visualTokensPerImage }: RunPlan['model'], compression: string): number[] {
  const perLayer = visualTokensPerLayer([visualTokensPerImage], depth, parseCompression(compression));
  const total = sum(perLayer);
  return perLayer.map((tokens) => (total === 0 ? 0 : tokens / total));
}

/** One column of the strip. */
export interface LayerColumn {
  readonly step: number;
  readonly x: number;
  readonly compression: string;
  /** Visual tokens of the step in each layer. */
  readonly tokens: readonly number[];
}

type Stage = RunPlan['stages'][number];

/** The stage that trained optimizer step `step` (from 1, as metrics count). */
export function stageOfStep(stages: readonly Stage[], step: number): Stage | undefined {
  return stages.find(({ firstStep, untilStep }) => step > firstStep && step <= untilStep);
}

/**
 * Columns of the strip from left to right.
 *
 * @param visualTokens recorded visual tokens per step
 * @param from, to range of the axis that is shown
 * @param count columns at most
 */
export function layerColumns(
  plan: RunPlan,
  visualTokens: Columns,
  range: { readonly from: number; readonly to: number },
  count: number,
): LayerColumn[] {
  const { x, y, steps } = visualTokens;
  if (x.length === 0) return [];
  const shares = new Map(plan.stages.map((stage) => [stage, layerShares(plan.model, stage.compression)]));
  const width = (range.to - range.from) / count;
  return Array.from({ length: count }, (_, column) => range.from + (column + 0.5) * width).flatMap((middle) => {
    if (middle > x[x.length - 1]! + width || middle < x[0]! - width) return [];
    const at = nearestIndex(x, middle);
    const stage = stageOfStep(plan.stages, steps[at]!);
    const share = stage && shares.get(stage);
    if (!share || Number.isNaN(y[at]!)) return [];
    return [
      { step: steps[at]!, x: middle, compression: stage.compression, tokens: share.map((part) => part * y[at]!) },
    ];
  });
}
