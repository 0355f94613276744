/** The figures at the head of a run: from the newest row while it trains, from its record when it is over. */
import { ratioPercent } from '../../../../../shared/compression.ts';
import type { RunSummary } from '../../../../../shared/api/runs.ts';
import type { RunRecord } from '../../../../../shared/run-record.ts';
import {
  formatBytes,
  formatDuration,
  formatFlops,
  formatMs,
  formatNumber,
  formatRatio,
  formatShare,
  formatTokens,
} from '../../../format.ts';
import type { MetricsRow } from '../metrics/run-curves.ts';

export interface KeyFigure {
  readonly label: string;
  readonly value: string;
  /** In smaller print behind the value. */
  readonly beside?: string;
  readonly explanation: string;
}

type Totals = Readonly<
  Record<'visualTokensSeen' | 'visualTokensSaved' | 'flopsSavedPaper' | 'flopsSavedExact', number>
>;

function totalsOf(record: RunRecord | undefined, row: MetricsRow | undefined): Totals | undefined {
  if (row && 'visualTokensSeen' in row) return row;
  const { totals } = record ?? {};
  if (!totals) return undefined;
  const of = (key: keyof Totals): number => totals[key] ?? 0;
  return {
    visualTokensSeen: of('visualTokensSeen'),
    visualTokensSaved: of('visualTokensSaved'),
    flopsSavedPaper: of('flopsSavedPaper'),
    flopsSavedExact: of('flopsSavedExact'),
  };
}

function savings(totals: Totals | undefined): KeyFigure[] {
  const seen = totals?.visualTokensSeen ?? 0;
  const saved = totals?.visualTokensSaved ?? 0;
  const share = seen + saved === 0 ? undefined : saved / (seen + saved);
  return [
    {
      label: 'CR so far',
      value: seen === 0 ? '–' : formatRatio(ratioPercent(seen + saved, seen)),
      explanation: 'Visual tokens of full training over those trained on, up to now; 100 % = no compression.',
    },
    {
      label: 'Visual tokens saved',
      value: formatTokens(totals && saved),
      ...(share !== undefined && { beside: formatShare(share, 0) }),
      explanation: 'Visual tokens over all layers that full training would have run on more, and their part of all.',
    },
    {
      label: 'FLOPs saved',
      value: formatFlops(totals?.flopsSavedExact),
      ...(totals && { beside: `paper ${formatFlops(totals.flopsSavedPaper)}` }),
      explanation:
        'Against full training: forward and backward pass of everything; paper: the forward pass as Tab. 5 counts it.',
    },
  ];
}

function speed(row: MetricsRow): KeyFigure[] {
  const isTower = 'imagesPerSecond' in row;
  return [
    isTower
      ? { label: 'Images/s', value: formatTokens(row.imagesPerSecond), explanation: 'Images trained on per second.' }
      : {
          label: 'Tokens/s',
          value: formatTokens(row.tokensPerSecond),
          explanation: 'Tokens before compression, text and visual, per second.',
        },
    { label: 'Step', value: formatMs(row.stepMs), explanation: 'Duration of the last optimizer step.' },
    { label: 'Memory', value: formatBytes(row.memoryBytes), explanation: "Resident memory of the engine's process." },
  ];
}

/**
 * What stands at the head of a run.
 *
 * @param row the newest row of metrics; undefined while none has come since the page was opened
 */
export function keyFigures(
  summary: RunSummary,
  record: RunRecord | undefined,
  row: MetricsRow | undefined,
): readonly KeyFigure[] {
  const mean = summary.losses.at(-1);
  const loss: KeyFigure = {
    label: 'Loss',
    value: formatNumber(row?.loss ?? summary.lastLoss),
    ...(mean !== undefined && { beside: `mean ${formatNumber(mean)}` }),
    explanation: 'Of the last step, and the mean over the last sixtieth of the steps done.',
  };
  const accuracy: KeyFigure[] =
    row && 'accuracy' in row
      ? [{ label: 'Accuracy', value: formatShare(row.accuracy), explanation: "Share of the last step's answers." }]
      : [];
  const time: KeyFigure = {
    label: 'Training time',
    value: formatDuration(summary.secondsTrained),
    explanation: 'Time spent in optimizer steps.',
  };
  const isTower = summary.phase === 'vision';
  return [loss, ...accuracy, ...(isTower ? [] : savings(totalsOf(record, row))), ...(row ? speed(row) : [time])];
}
