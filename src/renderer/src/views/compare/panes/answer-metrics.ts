/** What an answer took as rows of a table, each beside the first pane's. Pure. */
import type { AnswerStats } from '../../../../../shared/answer.ts';
import { SHOWN_FLOPS_RULES } from '../../../../../shared/flops-rules.ts';
import { sum } from '../../../../../shared/sum.ts';
import { formatBytes, formatCount, formatFlops, formatMs, formatNumber } from '../../../format.ts';

export interface MetricRow {
  readonly key: string;
  readonly label: string;
  /** What is measured, in a sentence. */
  readonly title: string;
  readonly value: string;
  /** As a multiple of the first pane's: `× 0.27`; absent in the first pane and where nothing can be compared. */
  readonly factor?: string | undefined;
  /** Whether that is cheaper or quicker than the first pane, or the other way round. */
  readonly judged?: 'better' | 'worse' | undefined;
}

interface Metric {
  readonly key: string;
  readonly label: string;
  readonly title: string;
  readonly of: (stats: AnswerStats) => number | undefined;
  readonly format: (value: number | undefined) => string;
  /** Whether more is better; absent where neither is. */
  readonly isMoreBetter?: boolean;
  /** Whether it is left out where an answer has none. */
  readonly isRare?: boolean;
}

const METRICS: readonly Metric[] = [
  {
    key: 'firstToken',
    label: 'First token',
    title: 'From the pixels to the first token, vision tower included',
    of: (stats) => stats.timeToFirstTokenMs,
    format: formatMs,
    isMoreBetter: false,
  },
  {
    key: 'speed',
    label: 'Speed',
    title: 'Tokens per second behind the first one',
    of: (stats) => stats.tokensPerSecond,
    format: (value) => (value === undefined ? '–' : `${formatNumber(Number(value.toPrecision(3)))} tok/s`),
    isMoreBetter: true,
  },
  ...SHOWN_FLOPS_RULES.map(({ key, name, counts }) => ({
    ...{ key, label: `FLOPs, ${name}`, title: counts, format: formatFlops, isMoreBetter: false },
    of: (stats: AnswerStats) => stats[key],
  })),
  {
    key: 'cache',
    label: 'KV cache',
    title: 'Keys and values at the end of the answer',
    of: (stats) => stats.cacheBytes,
    format: formatBytes,
    isMoreBetter: false,
  },
  {
    key: 'memory',
    label: 'Memory',
    title: "Resident memory of the engine's process at the end; it holds the model and what earlier answers needed",
    of: (stats) => stats.memoryBytes,
    format: formatBytes,
  },
  {
    key: 'answer',
    label: 'Answer',
    title: 'Tokens of the answer, behind those of the prompt',
    of: (stats) => stats.tokens,
    format: (value) => (value === 1 ? '1 token' : `${formatCount(value)} tokens`),
  },
  {
    key: 'outliers',
    label: 'Outliers',
    title:
      "Tokens that the tower's class token looks at far more than at others, above Q3 + 1.5 IQR: as many as PruMerge's own rule would keep",
    of: ({ outliers }) => outliers && sum(outliers),
    format: formatCount,
    isRare: true,
  },
];

/** Differences below 2 % are noise to a reader, whatever they measure. */
const SAME = 0.02;

function compare({ of, isMoreBetter }: Metric, stats: AnswerStats, first: AnswerStats): Partial<MetricRow> {
  const [value, base] = [of(stats), of(first)];
  if (value === undefined || base === undefined || base === 0) return {};
  const factor = value / base;
  const isSame = Math.abs(factor - 1) < SAME;
  const judged = isSame || isMoreBetter === undefined ? undefined : factor > 1 === isMoreBetter ? 'better' : 'worse';
  return { factor: `× ${factor.toFixed(factor < 0.1 ? 3 : 2)}`, judged };
}

/** @param first the first pane's, where this is another pane */
export function metricRows(stats: AnswerStats, first?: AnswerStats): MetricRow[] {
  const present = METRICS.filter(({ of, isRare }) => !isRare || of(stats) !== undefined);
  return present.map((metric) => ({
    key: metric.key,
    label: metric.label,
    title: metric.title,
    value: metric.format(metric.of(stats)),
    ...(first ? compare(metric, stats, first) : {}),
  }));
}

const REASONS = {
  stop: 'ended by itself',
  length: 'cut at the longest answer allowed',
  aborted: 'stopped',
} as const satisfies Record<AnswerStats['reason'], string>;

/** Why an answer ended, in words. */
export function reasonInWords(stats: AnswerStats): string {
  return REASONS[stats.reason];
}
