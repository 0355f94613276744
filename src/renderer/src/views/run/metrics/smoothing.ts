/**
 * Exponential smoothing whose strength does not depend on how densely a curve was sampled: the weight falls with the
 * distance on the x axis, measured in thousandths of the range shown. So a curve of a million steps that was thinned out
 * for display is smoothed like the whole one, and zooming in shows finer detail.
 */

/** The range shown counts as so many steps of the smoothing weight. */
const STEPS_OF_RANGE = 1000;

/** Largest weight: above it a curve would hardly follow its data. */
export const MAX_SMOOTHING = 0.99;

/**
 * The smoothed curve, free of the bias towards its first value. Where the curve has no value (NaN) neither has the result,
 * and the mean goes on behind the gap.
 *
 * @param x ascending
 * @param weight 0 = the curve itself, at most `MAX_SMOOTHING`
 * @param range length of the x axis that is shown, in the unit of `x`
 */
export function smooth(x: ArrayLike<number>, y: ArrayLike<number>, weight: number, range: number): Float64Array {
  const smoothed = Float64Array.from(y);
  if (weight <= 0 || !(range > 0)) return smoothed;
  let mean = 0;
  let trust = 0;
  let lastX = NaN;
  for (let i = 0; i < smoothed.length; i++) {
    const value = smoothed[i]!;
    if (!Number.isFinite(value)) continue;
    const steps = Number.isNaN(lastX) ? 1 : ((x[i]! - lastX) / range) * STEPS_OF_RANGE;
    const kept = Math.min(weight, MAX_SMOOTHING) ** Math.max(0, steps);
    mean = mean * kept + value * (1 - kept);
    trust = trust * kept + (1 - kept);
    // Two values at one place: nothing is kept of a mean that has no weight yet.
    smoothed[i] = trust > 0 ? mean / trust : value;
    lastX = x[i]!;
  }
  return smoothed;
}
