import { sum } from './sum.ts';

/** Arithmetic mean; NaN of no values. */
export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

/** The value in the middle, or the mean of the two there; NaN of no values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return mean(sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1));
}

/** The value below which a share `p` of the sorted values lies; between two of them it is interpolated. */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  const place = p * (sorted.length - 1);
  const low = Math.floor(place);
  const [below = NaN, above = below] = [sorted[low], sorted[low + 1]];
  return below + (above - below) * (place - low);
}

/** How many values are outliers upwards: above the third quartile by more than 1.5 times the span of the middle half. */
export function highOutliers(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [first, third] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  return values.filter((value) => value > third + 1.5 * (third - first)).length;
}

/** Variance of a sample (n − 1 in the denominator); NaN of fewer than two values. */
function variance(values: readonly number[]): number {
  const centre = mean(values);
  return values.length < 2 ? NaN : sum(values.map((value) => (value - centre) ** 2)) / (values.length - 1);
}

/** Standard deviation of a sample (n − 1 in the denominator); NaN of fewer than two values. */
export function standardDeviation(values: readonly number[]): number {
  return Math.sqrt(variance(values));
}

/**
 * Probabilities of several tests, corrected for there being several (Holm 1979, "A simple sequentially rejective multiple
 * test procedure"): the smallest of m times m, the next times m − 1, and so on, none below the one before it, none above 1.
 * Where each is called significant below a level, the chance of any false call is below that level too.
 *
 * @returns in the order given
 */
export function holmCorrected(probabilities: readonly number[]): number[] {
  const order = [...probabilities.keys()].sort((a, b) => (probabilities[a] ?? 0) - (probabilities[b] ?? 0));
  const corrected = Array.from(probabilities, () => 1);
  let before = 0;
  order.forEach((place, rank) => {
    before = Math.max(before, Math.min(1, (order.length - rank) * (probabilities[place] ?? 1)));
    corrected[place] = before;
  });
  return corrected;
}

/** Coefficients of Lanczos's approximation of the gamma function, g = 7. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** Natural logarithm of the gamma function, for x ≥ 0.5. */
function logGamma(x: number): number {
  const [first = 0, ...others] = LANCZOS;
  const series = first + sum(others.map((coefficient, i) => coefficient / (x + i)));
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(series);
}

const MAX_TERMS = 500;
const PRECISION = 1e-15;
const SMALLEST = 1e-300;
const notZero = (value: number): number => (Math.abs(value) < SMALLEST ? SMALLEST : value);

/** The continued fraction of the incomplete beta function by Lentz's method; quick for x < (a + 1) / (a + b + 2). */
function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / notZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= MAX_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let factor = 1;
    for (const term of [even, odd]) {
      d = 1 / notZero(1 + term * d);
      c = notZero(1 + term / c);
      fraction *= factor = c * d;
    }
    if (Math.abs(factor - 1) < PRECISION) break;
  }
  return fraction;
}

/** Regularised incomplete beta function I_x(a, b), for a, b ≥ 0.5 and x in [0, 1]. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const logFront = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x);
  return (Math.exp(logFront) * betaFraction(x, a, b)) / a;
}

const BISECTIONS = 200;

/**
 * The t that Student's distribution exceeds in size with probability 1 − `confidence`.
 *
 * @param degrees degrees of freedom, 1 or more, fractions allowed
 * @param confidence in (0, 1)
 */
export function studentQuantile(confidence: number, degrees: number): number {
  let [low, high] = [0, 1e6];
  for (let i = 0; i < BISECTIONS; i++) {
    const t = (low + high) / 2;
    const outside = incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5);
    if (outside > 1 - confidence) low = t;
    else high = t;
  }
  return (low + high) / 2;
}

/** A difference of two means with the interval it lies in at the chosen confidence. */
export interface MeanDifference {
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Mean of `a` minus mean of `b` with Welch's t-interval, which lets the two vary differently. Undefined where one of them
 * has fewer than two values: nothing is known of its noise then.
 */
export function welchInterval(
  a: readonly number[],
  b: readonly number[],
  confidence = 0.95,
): MeanDifference | undefined {
  if (a.length < 2 || b.length < 2) return undefined;
  const difference = mean(a) - mean(b);
  const [partA, partB] = [variance(a) / a.length, variance(b) / b.length];
  const total = partA + partB;
  if (total === 0) return { difference, low: difference, high: difference };
  const degrees = total ** 2 / (partA ** 2 / (a.length - 1) + partB ** 2 / (b.length - 1));
  const half = studentQuantile(confidence, degrees) * Math.sqrt(total);
  return { difference, low: difference - half, high: difference + half };
}
