/** Compressors at one setting: asked of a model that was not trained for them, and after training with each (Tab. 3 of the paper). */
import { parseCompression } from '../../shared/compression.ts';
import type { SchemeSummary, SettingSummary, Spread } from '../../shared/experiment/result.ts';
import { table } from '../../shared/markdown.ts';
import { signed } from '../../shared/signed.ts';
import { withSpread } from './markdown.ts';

const spread = ({ mean, deviation }: Spread): string => withSpread(mean, deviation ?? NaN, 2);

const compressorsOf = (notation: string): string =>
  [...new Set(parseCompression(notation).map(({ compressor }) => compressor))].join(' + ');

/** A scheme that compresses to its end, with the baseline asked at the very same setting. */
interface Pair {
  readonly scheme: SchemeSummary;
  readonly untrained: SettingSummary | undefined;
}

function row({ scheme, untrained }: Pair): string[] {
  const own = scheme.settings[0];
  return [
    compressorsOf(scheme.compression),
    scheme.compression,
    own ? own.compressionRatio.toFixed(0) : '',
    untrained ? spread(untrained.accuracy) : 'not asked',
    spread(scheme.accuracy),
    untrained ? signed(scheme.accuracy.mean - untrained.accuracy.mean, 2) : '–',
    scheme.medianStepMs.toFixed(0),
  ];
}

/** Undefined where the schemes do not end with different compressors. */
export function compressorSection(schemes: readonly SchemeSummary[]): string | undefined {
  const baseline = schemes.find(({ isBaseline }) => isBaseline);
  const compressed = schemes.filter(({ compression }) => compression !== 'none');
  if (new Set(compressed.map(({ compression }) => compressorsOf(compression))).size < 2) return undefined;
  const pairs = compressed
    .map((scheme) => ({
      scheme,
      untrained: baseline?.settings.find(({ compression }) => compression === scheme.compression),
    }))
    .sort((a, b) => b.scheme.accuracy.mean - a.scheme.accuracy.mean);
  const head = [
    'compressor',
    'K/S',
    'CR %',
    'at test time only %',
    'after training with it %',
    'gained by training, points',
    'median step, ms',
  ];
  const what = `At test time only: ${baseline?.name ?? 'the baseline'}, asked at the setting without having been trained for it. After
training with it: the compressor's own scheme. Mean ± sd over the seeds, best trained one first.`;
  return ['## Compressors', what, table(head, pairs.map(row))].join('\n\n');
}
