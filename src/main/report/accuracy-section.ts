/** What the schemes cost and what they are worth. */
import { table } from '../../shared/markdown.ts';
import type { SchemeSummary, Spread } from '../../shared/experiment/result.ts';
import { clockTime } from '../terminal/training-view.ts';
import { withSpread } from './markdown.ts';

const spread = ({ mean, deviation }: Spread): string => withSpread(mean, deviation ?? NaN, 2);

function schemeRow(scheme: SchemeSummary): string[] {
  const { name, runs, compression, accuracy, trainingMs, ofBaseline, medianStepMs, steps } = scheme;
  return [
    ...[name, String(runs.length), compression, spread(accuracy), clockTime(trainingMs)],
    ofBaseline === undefined ? '–' : ofBaseline.toFixed(2),
    medianStepMs.toFixed(0),
    scheme.compressionRatio.toFixed(0),
    scheme.tokensPerSample.toFixed(0),
    scheme.savedPercentPaper.toFixed(1),
    scheme.savedPercentExact.toFixed(1),
    String(steps),
  ];
}

const head = (baseline: string): string[] => [
  'scheme',
  'seeds',
  'asked at K/S',
  'test accuracy %, mean ± sd',
  'training time',
  `of ${baseline}`,
  'median step, ms',
  'CR %',
  '#Tokens',
  'FLOPs saved %, as the paper counts',
  'FLOPs saved %, exact',
  'steps',
];

/** What the words of the table mean. */
const LEGEND = `Accuracy: every question asked alone, the whole answer compared, at the compression the run ended with.
Training time: sum of the optimizer steps' durations, mean over the seeds, vision tower's own training left out (below).
CR and #Tokens (visual tokens of a sample, summed over layers): averaged over the whole run. FLOPs: share of full
training's that was saved, with the paper's count (linear layers of the decoder, forward) and exactly (all of forward and backward).`;

function seedRows({ name, runs }: SchemeSummary): string[][] {
  return runs.map(({ seed, accuracy, interval: [low, high], trainingMs, run }) => [
    ...[name, String(seed), accuracy.toFixed(2), `${low.toFixed(2)} to ${high.toFixed(2)}`],
    ...[clockTime(trainingMs), run],
  ]);
}

/** The table of schemes, and of their seeds. */
export function accuracySection(schemes: readonly SchemeSummary[]): string {
  const baseline = schemes.find(({ isBaseline }) => isBaseline)?.name ?? 'full';
  const seeds = table(
    ['scheme', 'seed', 'test accuracy %', '95 % interval over questions', 'training time', 'run'],
    schemes.flatMap(seedRows),
  );
  const rows = table(head(baseline), schemes.map(schemeRow));
  return ['## Accuracy and cost', rows, LEGEND, '### Each run', seeds].join('\n\n');
}

/** Accuracies at all settings that were asked beyond those the runs ended with; undefined where there are none. */
export function settingsSection(schemes: readonly SchemeSummary[]): string | undefined {
  const asked = schemes.filter(({ settings }) => settings.length > 1);
  if (asked.length === 0) return undefined;
  const rows = asked.flatMap(({ name, compression, settings }) =>
    settings.map((setting) => [
      name,
      setting.compression + (setting.compression === compression ? ' (its own)' : ''),
      spread(setting.accuracy),
      setting.compressionRatio.toFixed(0),
      setting.retainedPercent.toFixed(1),
    ]),
  );
  const columns = ['scheme', 'asked at K/S', 'test accuracy %, mean ± sd', 'CR %', 'visual tokens left %'];
  const what = 'The same trained models at other settings than the one their training ended with.';
  return ['## Asked at other settings', what, table(columns, rows)].join('\n\n');
}
