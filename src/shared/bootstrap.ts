/** Bootstrap over questions (Efron and Tibshirani 1993, ch. 13): how far a score would move if other questions were asked. */
import { Random } from './random.ts';
import { quantile } from './statistics.ts';

/** Two-sided intervals of this confidence. */
const BOOTSTRAP_CONFIDENCE = 0.95;

/** Times that the questions are drawn anew. */
export const BOOTSTRAP_RESAMPLES = 2000;

/** A range that holds the true value in 95 of 100 such measurements. */
export type Interval = readonly [low: number, high: number];

/** What the bootstrap says of one setting. */
export interface BootstrapIntervals {
  /** Of the share of right answers. */
  readonly accuracy: Interval;
  /** Of that share minus the one of full, both on the same questions each time. */
  readonly difference: Interval;
}

export interface BootstrapOptions {
  readonly resamples?: number;
  readonly seed?: number;
}

/** Questions that are right and wrong at the same settings, and how many there are of them. */
interface Pattern {
  readonly correct: readonly boolean[];
  readonly places: number[];
}

function patternsOf(rows: readonly (readonly boolean[])[]): Pattern[] {
  const patterns = new Map<string, Pattern>();
  rows.forEach((correct, place) => {
    const key = correct.map(Number).join('');
    const pattern = patterns.get(key) ?? { correct, places: [] };
    pattern.places.push(place);
    patterns.set(key, pattern);
  });
  return [...patterns.values()];
}

/** The interval between the quantiles of what resamples gave (percentile method). */
export function percentileInterval(values: Float64Array): Interval {
  const tail = (1 - BOOTSTRAP_CONFIDENCE) / 2;
  const sorted = values.toSorted();
  return [quantile(sorted, tail), quantile(sorted, 1 - tail)];
}

/** Places of the patterns that count at a setting. */
function placesOf(patterns: readonly Pattern[], counts: (correct: readonly boolean[]) => boolean): Int32Array {
  return Int32Array.from(patterns.flatMap(({ correct }, place) => (counts(correct) ? [place] : [])));
}

/** How often the patterns at some places were drawn, all together. */
function drawnAt(places: Int32Array, drawn: Int32Array): number {
  let total = 0;
  for (let i = 0; i < places.length; i++) total += drawn[places[i]!]!;
  return total;
}

/** Every resample's share of right answers at full, and for each setting what it gains and loses against that. */
function resample(
  rows: readonly (readonly boolean[])[],
  full: number,
  { resamples = BOOTSTRAP_RESAMPLES, seed = 0 }: BootstrapOptions,
): { base: Float64Array; differences: Float64Array[] } {
  const patterns = patternsOf(rows);
  const patternAt = new Int32Array(rows.length);
  patterns.forEach(({ places }, p) => places.forEach((place) => (patternAt[place] = p)));
  const right = placesOf(patterns, (correct) => correct[full] === true);
  // Most answers are as right as full's: only the others need counting.
  const changes = (rows[0] ?? []).map((_, setting) => ({
    lost: placesOf(patterns, (correct) => correct[full] === true && correct[setting] !== true),
    gained: placesOf(patterns, (correct) => correct[full] !== true && correct[setting] === true),
  }));
  const base = new Float64Array(resamples);
  const differences = changes.map(() => new Float64Array(resamples));
  const random = Random.from(seed, 'bootstrap');
  const drawn = new Int32Array(patterns.length);
  for (let b = 0; b < resamples; b++) {
    drawn.fill(0);
    for (let i = 0; i < rows.length; i++) drawn[patternAt[random.integer(rows.length)]!]!++;
    base[b] = drawnAt(right, drawn) / rows.length;
    changes.forEach(({ lost, gained }, setting) => {
      differences[setting]![b] = (drawnAt(gained, drawn) - drawnAt(lost, drawn)) / rows.length;
    });
  }
  return { base, differences };
}

/**
 * 95 % percentile intervals of accuracies and of their differences to full. All settings see the same draws, so that
 * differences are paired. The same seed gives the same intervals.
 *
 * @param rows whether each question was answered right, a place for each setting; one question or more
 * @param full place of the setting that the others are compared with
 */
export function pairedBootstrap(
  rows: readonly (readonly boolean[])[],
  full: number,
  options: BootstrapOptions = {},
): BootstrapIntervals[] {
  const settings = rows[0]?.length ?? 0;
  if (full < 0 || full >= settings) throw new RangeError(`there is no setting ${full} among ${settings}`);
  const { base, differences } = resample(rows, full, options);
  return differences.map((own) => ({
    accuracy: percentileInterval(own.map((difference, b) => base[b]! + difference)),
    difference: percentileInterval(own),
  }));
}
