/** The horizontal axes of a run's charts, and where its stages lie on them. */
import type { XAxis } from '../../../../../shared/api/metrics-query.ts';
import { formatDuration, formatTokens } from '../../../format.ts';

/** Title of each axis, as in a menu and below a chart. */
export const AXIS_TITLE: Readonly<Record<XAxis, string>> = {
  step: 'Optimizer step',
  samples: 'Samples seen',
  visualTokens: 'Visual tokens seen, over all layers',
  time: 'Time in optimizer steps',
};

/** Axes that make sense in a phase: a vision tower alone has no visual tokens in a decoder. */
export function axesOf(phase: 'instruct' | 'vision'): readonly XAxis[] {
  return phase === 'instruct' ? ['step', 'samples', 'visualTokens', 'time'] : ['step', 'samples', 'time'];
}

/** A place on an axis in words. */
export function formatX(axis: XAxis, x: number): string {
  if (axis === 'time') return formatDuration(x);
  return axis === 'step' && x < 100_000 ? String(Math.round(x)) : formatTokens(x);
}

/**
 * Where an optimizer step ends on an axis, between the recorded points around it.
 *
 * @param steps ascending, with the place of each in `xs`
 */
export function xOfStep(steps: ArrayLike<number>, xs: ArrayLike<number>, step: number): number | undefined {
  const count = steps.length;
  if (count === 0 || step > steps[count - 1]!) return undefined;
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle]! < step) low = middle + 1;
    else high = middle;
  }
  const [before, beforeX] = low === 0 ? [0, 0] : [steps[low - 1]!, xs[low - 1]!];
  const [at, atX] = [steps[low]!, xs[low]!];
  return at === before ? atX : beforeX + ((atX - beforeX) * (step - before)) / (at - before);
}

/** A stage as the background of a chart. */
export interface StageBand {
  readonly from: number;
  /** undefined: it has not ended yet on this axis. */
  readonly to: number | undefined;
  readonly compression: string;
}

interface StageSpan {
  readonly firstStep: number;
  readonly untilStep: number;
  readonly compression: string;
}

/**
 * The stages on an axis. On the axis of steps all are known from the plan; on others those that were reached.
 *
 * @param known points of a recorded curve, to translate steps
 */
export function stageBands(
  stages: readonly StageSpan[],
  axis: XAxis,
  known: { readonly steps: ArrayLike<number>; readonly x: ArrayLike<number> },
): StageBand[] {
  const place = (step: number): number | undefined => {
    if (axis === 'step' || step === 0) return step;
    return xOfStep(known.steps, known.x, step);
  };
  return stages.flatMap(({ firstStep, untilStep, compression }) => {
    const from = place(firstStep);
    return from === undefined ? [] : [{ from, to: place(untilStep), compression }];
  });
}
