/** Test-time redundancy (Sec. 3.1 of the paper): how much of a fully trained model's visual tokens an answer needs. */
import { parseCompression, type CompressionPoint } from '../../shared/compression.ts';
import { redundancyOf, TOLERATED_LOSS_POINTS, type Redundancy, type RedundancyPoint } from '../../shared/redundancy.ts';
import { table } from '../../shared/markdown.ts';
import { signed } from '../../shared/signed.ts';
import { findStudy, type Scheme } from './schemes.ts';

const percent = (share: number): string => (100 * share).toFixed(2);

function pointRow(point: RedundancyPoint): string[] {
  const { compression, retainedPercent, compressionRatio, accuracy, interval, difference, prefillMs } = point;
  return [
    compression,
    retainedPercent.toFixed(1),
    compressionRatio.toFixed(0),
    percent(accuracy),
    `${percent(interval[0])} to ${percent(interval[1])}`,
    signed(difference, 2),
    prefillMs.toFixed(2),
  ];
}

const HEAD = [
  'K/S',
  'visual tokens left %',
  'CR %',
  'accuracy %',
  '95 % interval over questions',
  'difference to full, points',
  'ms per question to the first token',
];

const rising = (values: readonly number[]): number[] => [...new Set(values)].sort((a, b) => a - b);

/** Differences to full as a grid, K (and compressor) down and S across; undefined for settings of several points. */
function gridTable(points: readonly RedundancyPoint[]): string | undefined {
  const placed = points.map((point) => ({ point, at: parseCompression(point.compression) }));
  if (placed.some(({ at }) => at.length !== 1)) return undefined;
  const single = placed.map(({ point, at }) => ({ point, ...(at[0] as CompressionPoint) }));
  const strides = rising(single.map(({ stride }) => stride));
  const compressors = [...new Set(single.map(({ compressor }) => compressor))];
  const rows = compressors.flatMap((compressor) => {
    const own = single.filter((one) => one.compressor === compressor);
    return rising(own.map(({ layer }) => layer)).map((layer) => [
      compressors.length > 1 ? `K ${layer}, ${compressor}` : `K ${layer}`,
      ...strides.map((stride) => {
        const found = own.find((one) => one.layer === layer && one.stride === stride)?.point;
        return found ? `${signed(found.difference, 2)} (${found.retainedPercent.toFixed(0)} % left)` : '';
      }),
    ]);
  });
  return table(['difference, points', ...strides.map((stride) => `S ${stride}`)], rows);
}

const placeOf = ({ compression, retainedPercent, difference }: RedundancyPoint): string =>
  `${compression} (${retainedPercent.toFixed(1)} % left, ${signed(difference, 2)} points)`;

/** Where accuracy has fallen by what is tolerated. */
function limitSentence({ lastTolerated, firstBeyond }: Redundancy): string {
  const limit = `${TOLERATED_LOSS_POINTS} points`;
  const most = lastTolerated
    ? `The setting that removes the most tokens and loses no more than ${limit} is ${placeOf(lastTolerated)}.`
    : `Every setting loses more than ${limit}.`;
  const least = firstBeyond
    ? `The setting that removes the fewest and loses more is ${placeOf(firstBeyond)}.`
    : `No setting loses more than ${limit}.`;
  return `${most} ${least}`;
}

/** The study of the fully trained model that was evaluated at the most settings. */
export function redundancySection(schemes: readonly Scheme[]): string {
  const head = '## Test-time redundancy';
  const study = findStudy(schemes);
  const redundancy = study && redundancyOf(study.report);
  if (!study || !redundancy) {
    return `${head}\n\nNone of the models trained to their ends without compression was evaluated at several settings.`;
  }
  const { full, points } = redundancy;
  const what = `The model of ${study.run.folder}, trained to its end without compression, asked ${study.report.questions} test questions at other settings than it was trained for. Full: accuracy ${percent(full.accuracy)} %.`;
  const grid = gridTable(points);
  const list = table(HEAD, points.map(pointRow));
  return [head, what, limitSentence(redundancy), ...(grid ? [grid] : []), list].join('\n\n');
}
