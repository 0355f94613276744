import type { CompressorBenchJob, CompressorBenchResult, CompressorBenchRow } from '../../shared/compressor-bench.ts';
import { table } from '../../shared/markdown.ts';
import { describeShape } from './report.ts';

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const cells = ({ compression, visualTokens, ms, timeRatio, flopsRatio }: CompressorBenchRow): string[] => [
  compression === 'none' ? 'full' : compression,
  String(visualTokens),
  ms.toFixed(1),
  percent(timeRatio),
  percent(flopsRatio),
  (timeRatio / flopsRatio).toFixed(2),
];

const HEAD = ['setting', 'visual tokens left', 'prefill ms', "of full's time", "of full's FLOPs", 'time / FLOPs'];

/** What every compressor saves, as Markdown: a table, how it was measured, and what was left out. */
export function compressorReport(
  job: CompressorBenchJob,
  { rows, leftOut, runsOn, visualTokens }: CompressorBenchResult,
): string {
  const { shape, model, rounds, mode } = job;
  const what = model ?? `random weights, ${describeShape(shape)}`;
  const notes = [
    `${runsOn}, ${mode} mode; ${what}; ${visualTokens} visual tokens an image before compression. ${rounds} rounds in one ` +
      'process, every setting once in each; a share of time is the median over rounds. A prefill goes from pixels to the ' +
      'first token; FLOPs are exact, those of tower, projector, decoder and head, not those of choosing and merging tokens.',
    ...leftOut.map(({ compression, rule }) => `Left out: ${compression}. ${rule}.`),
  ];
  return `${table(HEAD, rows.map(cells))}\n\n${notes.join('\n')}\n`;
}
