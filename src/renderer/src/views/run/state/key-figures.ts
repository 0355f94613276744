/** The figures at the head of a run, from the newest row that is known. */
import { ratioPercent } from '../../../../../shared/compression.ts';
import type { MetricKey } from '../../../../../shared/api/metrics-query.ts';
import type { RunSummary } from '../../../../../shared/api/runs.ts';
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

export interface KeyFigure {
  readonly label: string;
  readonly value: string;
  /** In smaller print behind the value. */
  readonly beside?: string;
  readonly explanation: string;
}

/** The newest row of metrics, recorded or live; a phase has not all of them. */
export type LatestFigures = Readonly<Partial<Record<MetricKey, number>>>;

/** Numbers that the figures are made of. */
export const FIGURE_KEYS = [
  ...['loss', 'accuracy', 'visualTokensSeen', 'visualTokensSaved', 'flopsSavedExact', 'flopsSavedPaper'],
  ...['tokensPerSecond', 'imagesPerSecond', 'stepMs', 'memoryBytes'],
] as readonly MetricKey[];

function savings(latest: LatestFigures): KeyFigure[] {
  const { visualTokensSeen: seen = 0, visualTokensSaved: saved = 0 } = latest;
  const isKnown = seen > 0;
  return [
    {
      label: 'CR so far',
      value: isKnown ? formatRatio(ratioPercent(seen + saved, seen)) : '–',
      explanation: 'Visual tokens of full training over those trained on, up to now; 100 % = no compression.',
    },
    {
      label: 'Visual tokens saved',
      value: formatTokens(latest.visualTokensSaved),
      ...(isKnown && { beside: formatShare(saved / (seen + saved), 0) }),
      explanation: 'Visual tokens over all layers that full training would have run on more, and their part of all.',
    },
    {
      label: 'FLOPs saved',
      value: formatFlops(latest.flopsSavedExact),
      ...(latest.flopsSavedPaper !== undefined && { beside: `paper ${formatFlops(latest.flopsSavedPaper)}` }),
      explanation:
        'Against full training: forward and backward pass of everything; paper: the forward pass as Tab. 5 counts it.',
    },
  ];
}

function speed({ phase }: RunSummary, latest: LatestFigures): KeyFigure[] {
  return [
    phase === 'vision'
      ? { label: 'Images/s', value: formatTokens(latest.imagesPerSecond), explanation: 'Images trained on per second.' }
      : {
          label: 'Tokens/s',
          value: formatTokens(latest.tokensPerSecond),
          explanation: 'Tokens before compression, text and visual, per second.',
        },
    { label: 'Step', value: formatMs(latest.stepMs), explanation: 'Duration of the last optimizer step.' },
    {
      label: 'Memory',
      value: formatBytes(latest.memoryBytes),
      explanation: "Resident memory of the engine's process.",
    },
  ];
}

/** What stands at the head of a run. */
export function keyFigures(summary: RunSummary, latest: LatestFigures): readonly KeyFigure[] {
  const mean = summary.losses.at(-1);
  const loss: KeyFigure = {
    label: 'Loss',
    value: formatNumber(latest.loss ?? summary.lastLoss),
    ...(mean !== undefined && { beside: `mean ${formatNumber(mean)}` }),
    explanation: 'Of the last step, and the mean over the last sixtieth of the steps done.',
  };
  const accuracy: KeyFigure = {
    label: 'Accuracy',
    value: formatShare(latest.accuracy),
    explanation: "Share of the last step's answers that were classified right.",
  };
  const time: KeyFigure = {
    label: 'Training time',
    value: formatDuration(summary.secondsTrained),
    explanation: 'Time spent in optimizer steps.',
  };
  const ofPhase = summary.phase === 'vision' ? [accuracy] : savings(latest);
  return [loss, ...ofPhase, ...speed(summary, latest), ...(summary.phase === 'vision' ? [time] : [])];
}
