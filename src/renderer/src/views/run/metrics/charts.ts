/** The charts of a run: what each draws, in which unit, and in which order they stand unless the user says otherwise. */
import type { MetricKey } from '../../../../../shared/api/metrics-query.ts';
import { FLOPS_RULES } from '../../../../../shared/flops-rules.ts';
import {
  formatBytes,
  formatCount,
  formatFlops,
  formatMs,
  formatNumber,
  formatRatio,
  formatShare,
  formatTokens,
} from '../../../format.ts';

export type Phase = 'instruct' | 'vision';

/** What a line shows: a recorded number, or the compression ratio of the run up to a step, which follows from two of them. */
export type LineKey = MetricKey | 'runCompressionRatio';

/** One line of a chart. */
export interface Line {
  readonly key: LineKey;
  readonly label: string;
}

export interface ChartKind {
  readonly id: string;
  readonly title: string;
  /** What is drawn, for a reader who does not know it. */
  readonly explanation: string;
  readonly lines: readonly Line[];
  readonly phases: readonly Phase[];
  readonly format: (value: number) => string;
  /** On the axis, where there is little room; by default as `format`. */
  readonly tick?: (value: number) => string;
  /** Sums and counts are drawn as they are; noisy measures are smoothed. */
  readonly isSmoothed: boolean;
  readonly isLogSensible: boolean;
  /** `area`: filled down to zero. `layers`: a strip of layers instead of lines. */
  readonly form: 'line' | 'area' | 'layers';
  /** Ends of the vertical axis, where they are not those of the values. */
  readonly ends?: { readonly min?: number; readonly max?: number };
  /** Not shown until the user chooses it. */
  readonly isExtra?: true;
}

const BOTH: readonly Phase[] = ['instruct', 'vision'];
const INSTRUCT: readonly Phase[] = ['instruct'];
const VISION: readonly Phase[] = ['vision'];

type Draft = Pick<ChartKind, 'id' | 'title' | 'explanation' | 'lines' | 'phases' | 'format'> & Partial<ChartKind>;

const chart = (draft: Draft): ChartKind => ({ isSmoothed: false, isLogSensible: false, form: 'line', ...draft });
const noisy = (draft: Draft): ChartKind => chart({ isSmoothed: true, isLogSensible: true, ...draft });
const one = (key: LineKey, label: string): readonly Line[] => [{ key, label }];

/** In the order they stand by default. */
export const CHARTS: readonly ChartKind[] = [
  noisy({
    id: 'loss',
    title: 'Loss',
    explanation: 'Mean cross entropy over the tokens (vision phase: the answers) that a step was trained on.',
    lines: one('loss', 'loss'),
    phases: BOTH,
    format: formatNumber,
  }),
  noisy({
    id: 'accuracy',
    title: 'Training accuracy',
    explanation: "Share of the step's answers that were classified right.",
    lines: one('accuracy', 'accuracy'),
    phases: VISION,
    format: formatShare,
    isLogSensible: false,
    ends: { min: 0, max: 1 },
  }),
  chart({
    id: 'visualTokens',
    title: 'Visual tokens per step',
    explanation: "Visual tokens of the step's samples, summed over the decoder layers.",
    lines: one('visualTokens', 'visual tokens'),
    phases: INSTRUCT,
    format: formatTokens,
    form: 'area',
    ends: { min: 0 },
  }),
  chart({
    id: 'layers',
    title: 'Visual tokens per layer',
    explanation: 'How many visual tokens each decoder layer runs on: the stronger the colour, the more.',
    lines: one('visualTokens', 'visual tokens'),
    phases: INSTRUCT,
    format: formatTokens,
    form: 'layers',
  }),
  chart({
    id: 'tokensSaved',
    title: 'Visual tokens saved so far',
    explanation: 'Visual tokens over all layers that full training would have run on more, and those it ran on.',
    lines: [
      { key: 'visualTokensSaved', label: 'saved' },
      { key: 'visualTokensSeen', label: 'seen' },
    ],
    phases: INSTRUCT,
    format: formatTokens,
  }),
  chart({
    id: 'flopsSaved',
    title: 'FLOPs saved so far',
    explanation:
      'Exact: forward and backward pass of everything. Paper: the forward pass as Tab. 5 counts it (linear layers of the decoder).',
    lines: [
      { key: 'flopsSavedExact', label: 'exact' },
      { key: 'flopsSavedPaper', label: 'paper' },
    ],
    phases: INSTRUCT,
    format: formatFlops,
    tick: formatTokens,
  }),
  chart({
    id: 'compressionRatio',
    title: 'Compression ratio',
    explanation: 'Full visual tokens over actual ones, of the step and of the run so far; 100 % = no compression.',
    lines: [
      { key: 'runCompressionRatio', label: 'so far' },
      { key: 'compressionRatio', label: 'step' },
    ],
    phases: INSTRUCT,
    format: formatRatio,
  }),
  noisy({
    id: 'stepMs',
    title: 'Time per step',
    explanation: 'Duration of an optimizer step.',
    lines: one('stepMs', 'step'),
    phases: BOTH,
    format: formatMs,
  }),
  noisy({
    id: 'tokensPerSecond',
    title: 'Tokens per second',
    explanation: 'Tokens before compression, text and visual, so that schemes can be compared.',
    lines: one('tokensPerSecond', 'tokens/s'),
    phases: INSTRUCT,
    format: formatTokens,
  }),
  noisy({
    id: 'imagesPerSecond',
    title: 'Images per second',
    explanation: 'Images that the tower was trained on per second.',
    lines: one('imagesPerSecond', 'images/s'),
    phases: VISION,
    format: formatTokens,
  }),
  chart({
    id: 'lr',
    title: 'Learning rate',
    explanation: 'Learning rate used in the step.',
    lines: one('lr', 'lr'),
    phases: BOTH,
    format: formatNumber,
    isLogSensible: true,
  }),
  noisy({
    id: 'gradNorm',
    title: 'Gradient norm',
    explanation: 'Norm over all trained tensors before clipping.',
    lines: one('gradNorm', 'norm'),
    phases: BOTH,
    format: formatNumber,
  }),
  chart({
    id: 'memoryBytes',
    title: 'Memory',
    explanation: "Resident memory of the engine's process.",
    lines: one('memoryBytes', 'resident'),
    phases: BOTH,
    format: formatBytes,
  }),
  chart({
    id: 'tensors',
    title: 'Tensors alive',
    explanation: 'Tensors alive after the step: a rising count is a leak.',
    lines: one('tensors', 'tensors'),
    phases: BOTH,
    format: formatCount,
  }),
  chart({
    id: 'supervisedTokens',
    title: 'Supervised tokens per step',
    explanation: 'Tokens that the loss was taken on.',
    lines: one('supervisedTokens', 'tokens'),
    phases: INSTRUCT,
    format: formatTokens,
    isExtra: true,
  }),
  chart({
    id: 'flopsPerStep',
    title: 'FLOPs per step',
    explanation:
      'Exact: forward and backward pass of everything. The others: the forward pass as those publications count it.',
    lines: FLOPS_RULES.toReversed().map(({ key, name }) => ({ key, label: name })),
    phases: INSTRUCT,
    format: formatFlops,
    tick: formatTokens,
    isExtra: true,
  }),
  chart({
    id: 'epoch',
    title: 'Passes over the data',
    explanation: 'Passes over the data, with fraction.',
    lines: one('epoch', 'epoch'),
    phases: BOTH,
    format: formatNumber,
    isExtra: true,
  }),
];

/** The charts that a phase has. */
export function chartsOf(phase: Phase): readonly ChartKind[] {
  return CHARTS.filter(({ phases }) => phases.includes(phase));
}

/** The recorded numbers that a line is drawn from. */
function sourcesOf(key: LineKey): readonly MetricKey[] {
  return key === 'runCompressionRatio' ? ['visualTokensSeen', 'visualTokensSaved'] : [key];
}

/** The recorded numbers that some charts need, each once. */
export function keysOf(charts: readonly ChartKind[]): MetricKey[] {
  return [...new Set(charts.flatMap(({ lines }) => lines.flatMap(({ key }) => sourcesOf(key))))];
}
