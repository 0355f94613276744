import { mean } from '../statistics.ts';
import type { LossCurve } from './result.ts';

/** Points of a curve at most, and the part of the steps that each is the mean of. */
const POINTS = 200;
const WINDOW = 0.04;

/**
 * The mean loss over the seeds, smoothed by the mean of the steps around each point.
 *
 * @param losses [seeds][optimizer steps]; the shortest seed ends the curve
 */
export function lossCurve(name: string, losses: readonly (readonly number[])[]): LossCurve {
  const steps = losses.length === 0 ? 0 : Math.min(...losses.map(({ length }) => length));
  const means = Array.from({ length: steps }, (_, step) => mean(losses.map((seed) => seed[step] ?? NaN)));
  const half = Math.floor((WINDOW * steps) / 2);
  const count = Math.min(POINTS, steps);
  const places = Array.from({ length: count }, (_, i) =>
    count === 1 ? 0 : Math.round((i * (steps - 1)) / (count - 1)),
  );
  return {
    name,
    steps: places.map((place) => place + 1),
    losses: places.map((place) => {
      // As many steps on both sides, also near the ends: else the curve would lag behind itself there.
      const reach = Math.min(half, place, steps - 1 - place);
      return mean(means.slice(place - reach, place + reach + 1));
    }),
  };
}
