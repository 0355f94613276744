/** What the schemes cost and what they are worth, and whether the differences are more than noise. */
import { mean, standardDeviation, welchInterval } from '../../shared/statistics.ts';
import { clockTime } from '../terminal/training-view.ts';
import { table } from '../../shared/markdown.ts';
import { signed, withSpread } from './markdown.ts';
import { finalCompression, type InstructResult } from './run-result.ts';
import type { Scheme } from './schemes.ts';

const accuracies = ({ runs }: Scheme): number[] => runs.map(({ setting }) => 100 * setting.accuracy);
const durations = ({ runs }: Scheme): number[] => runs.map(({ run }) => run.trainingMs);

const average = ({ runs }: Scheme, figure: (run: InstructResult) => number): number =>
  mean(runs.map(({ run }) => figure(run)));

/** The only full training; undefined where there is none to compare with, or more than one. */
export function baselineOf(schemes: readonly Scheme[]): Scheme | undefined {
  const [full, another] = schemes.filter(({ isFull }) => isFull);
  return another ? undefined : full;
}

function schemeRow(scheme: Scheme, baseline: Scheme | undefined): string[] {
  const { name, runs } = scheme;
  const [run] = runs.map((judged) => judged.run);
  const shown = accuracies(scheme);
  const time = mean(durations(scheme));
  return [
    name,
    String(runs.length),
    run ? finalCompression(run) : '',
    withSpread(mean(shown), standardDeviation(shown), 2),
    clockTime(time),
    baseline ? (time / mean(durations(baseline))).toFixed(2) : '–',
    average(scheme, (one) => one.compressionRatio).toFixed(0),
    average(scheme, (one) => one.tokensPerSample).toFixed(0),
    average(scheme, (one) => one.savedPercentPaper).toFixed(1),
    average(scheme, (one) => one.savedPercentExact).toFixed(1),
    String(run?.plan.totalSteps ?? ''),
  ];
}

const HEAD = [
  'scheme',
  'seeds',
  'asked at K/S',
  'test accuracy %, mean ± sd',
  'training time',
  'of full',
  'CR %',
  '#Tokens',
  'FLOPs saved %, as the paper counts',
  'FLOPs saved %, exact',
  'steps',
];

/** What the words of the table mean. */
const LEGEND = `Accuracy: every question of the test split asked alone, the whole answer compared, at the compression the run ended with.
Training time: sum of the optimizer steps' durations, mean over the seeds, vision tower's own training left out (below).
CR and #Tokens (visual tokens of a sample, summed over layers): averaged over the whole run. FLOPs: share of full
training's that was saved, with the paper's count (linear layers of the decoder, forward) and exactly (all of forward and backward).`;

function seedRows({ name, runs }: Scheme): string[][] {
  return runs.map(({ run, setting }) => [
    name,
    String(run.recipe.seed),
    (100 * setting.accuracy).toFixed(2),
    `${(100 * setting.interval[0]).toFixed(2)} to ${(100 * setting.interval[1]).toFixed(2)}`,
    clockTime(run.trainingMs),
    run.folder,
  ]);
}

/** The table of schemes, and of their seeds. */
export function accuracySection(schemes: readonly Scheme[]): string {
  const baseline = baselineOf(schemes);
  const rows = schemes.map((scheme) => schemeRow(scheme, baseline));
  const seeds = table(
    ['scheme', 'seed', 'test accuracy %', '95 % interval over questions', 'training time', 'run'],
    schemes.flatMap(seedRows),
  );
  return ['## Accuracy and cost', table(HEAD, rows), LEGEND, '### Each run', seeds].join('\n\n');
}

/** Whether a scheme is worse than full training, in words. */
function verdict(scheme: Scheme, baseline: Scheme): string {
  const { name, runs } = scheme;
  const seeds = `${runs.length} and ${baseline.runs.length} seeds`;
  const interval = welchInterval(accuracies(scheme), accuracies(baseline));
  if (!interval) {
    const difference = signed(mean(accuracies(scheme)) - mean(accuracies(baseline)), 2);
    return `- **${name}**: difference ${difference} points (${seeds}). Two seeds of each are needed to tell it from noise.`;
  }
  const { difference, low, high } = interval;
  const word = high < 0 ? 'worse' : low > 0 ? 'better' : 'not worse within noise';
  const range = `95 % interval ${signed(low, 2)} to ${signed(high, 2)}`;
  return `- **${name}**: **${word}** than ${baseline.name}. Difference ${signed(difference, 2)} points, ${range} (${seeds}).`;
}

/** For each staged scheme: whether it is worse than full training. */
export function significanceSection(schemes: readonly Scheme[]): string {
  const baseline = baselineOf(schemes);
  const others = schemes.filter((scheme) => scheme !== baseline);
  const head = '## Is staged training worse?';
  if (!baseline || others.length === 0) return `${head}\n\nNo full training and staged one to compare.`;
  const method =
    "Difference of the mean test accuracies in percentage points, with Welch's t-interval over the seeds. An interval that holds 0 means that the seeds alone can make such a difference; how large a loss it still allows is its lower end.";
  return [head, method, others.map((scheme) => verdict(scheme, baseline)).join('\n')].join('\n\n');
}
