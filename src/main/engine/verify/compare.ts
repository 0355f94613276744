import type { Check } from '../../../shared/verification.ts';
import { TOLERANCES } from './tolerances.ts';

type Numbers = Float32Array | Int32Array | Uint8Array | readonly number[];

/** The part of a check that comparing gives. */
export type Outcome = Pick<Check, 'status' | 'measure' | 'difference' | 'tolerance' | 'reason'>;

/** An outcome that holds the difference against the tolerance; NaN and infinities fail. */
function judged(measure: Check['measure'], difference: number, tolerance: number): Outcome {
  if (!Number.isFinite(difference))
    return { status: 'fail', measure, tolerance, reason: 'the difference is not a finite number' };
  return { status: difference <= tolerance ? 'pass' : 'fail', measure, difference, tolerance };
}

export const failed = (reason: string): Outcome => ({ status: 'fail', reason });
export const skipped = (reason: string): Outcome => ({ status: 'skipped', reason });

function otherLength(ours: Numbers, expected: Numbers): Outcome | undefined {
  if (ours.length === expected.length) return undefined;
  return failed(`${ours.length} values were computed, the reference has ${expected.length}`);
}

/** Largest |a − b|; NaN as soon as one of them is. */
function largestDifference(a: Numbers, b: Numbers): number {
  let largest = 0;
  for (let i = 0; i < b.length; i++) {
    const difference = Math.abs((a[i] as number) - (b[i] as number));
    if (!(difference <= largest)) largest = difference;
    if (Number.isNaN(difference)) return NaN;
  }
  return largest;
}

function norm(values: Numbers): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += (values[i] as number) ** 2;
  return Math.sqrt(total);
}

/** Every value within an absolute tolerance. */
export function close(ours: Numbers, expected: Numbers, tolerance: number): Outcome {
  return (
    otherLength(ours, expected) ?? judged('largest absolute difference', largestDifference(ours, expected), tolerance)
  );
}

/** Equal integers. */
export function equal(ours: Numbers, expected: Numbers): Outcome {
  const lengths = otherLength(ours, expected);
  if (lengths) return lengths;
  let unequal = 0;
  for (let i = 0; i < expected.length; i++) if (ours[i] !== expected[i]) unequal++;
  return judged('entries that differ', unequal, 0);
}

/** Equal texts. */
export function sameText(ours: string, expected: string): Outcome {
  return {
    ...judged('entries that differ', ours === expected ? 0 : 1, 0),
    ...(ours === expected ? {} : { reason: `${JSON.stringify(ours)} instead of ${JSON.stringify(expected)}` }),
  };
}

/** A gradient tensor: relative L2, or absolute where the gradient is zero but for noise. */
export function closeGradient(ours: Numbers, expected: Numbers): Outcome {
  const size = norm(expected);
  if (size < TOLERANCES.smallGradientNorm) return close(ours, expected, TOLERANCES.smallGradient);
  const difference = Float32Array.from(expected, (value, i) => (ours[i] as number) - value);
  return otherLength(ours, expected) ?? judged('relative L2 difference', norm(difference) / size, TOLERANCES.gradient);
}

/** A trained weight tensor: no entry beyond the wide tolerance, nearly all within the narrow one. */
export function closeWeights(ours: Numbers, expected: Numbers): Outcome {
  const wide = close(ours, expected, TOLERANCES.weights);
  if (wide.status === 'fail') return wide;
  let outside = 0;
  for (let i = 0; i < expected.length; i++)
    if (Math.abs((ours[i] as number) - (expected[i] as number)) > TOLERANCES.nearlyAllWeights) outside++;
  if (outside <= (1 - TOLERANCES.nearlyAllShare) * expected.length) return wide;
  return {
    ...wide,
    status: 'fail',
    reason: `${outside} of ${expected.length} entries are off by more than ${TOLERANCES.nearlyAllWeights}`,
  };
}

/** |a − b| / |b|, for one number. */
export function closeRelative(ours: number, expected: number, tolerance: number): Outcome {
  return judged('relative difference', Math.abs(ours - expected) / Math.abs(expected), tolerance);
}

/** Float32 rounding of a normalised pixel that is one level off is counted as one level. */
const LEVEL_SLACK = 1e-3;

/**
 * Normalised pixels: where the 8-bit value agrees only rounding may differ; few may be one grey level off.
 *
 * @param ours [I, 3, S, S]
 * @param side S
 * @param std per channel: a grey level is 1 / (255 · std)
 * @param share of the pixels that may be a level off
 */
export function closePixels(
  ours: Numbers,
  expected: Numbers,
  side: number,
  std: readonly number[],
  share: number,
): Outcome {
  const lengths = otherLength(ours, expected);
  if (lengths) return lengths;
  let largest = 0;
  let off = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((ours[i] as number) - (expected[i] as number));
    const channel = Math.floor(i / (side * side)) % 3;
    if (!(difference <= TOLERANCES.pixels)) off++;
    largest = Math.max(largest, difference * 255 * (std[channel] as number));
  }
  const outcome = judged('grey levels', largest, 1 + LEVEL_SLACK);
  if (outcome.status === 'fail' || off <= share * expected.length) return outcome;
  return { ...outcome, status: 'fail', reason: `${off} of ${expected.length} values are a grey level off` };
}
