/** Attention by depth as lines of a chart and words. Pure. */
import { weightText } from '../../../../../shared/attention-finding.ts';
import type { AttentionReport, TokenKind } from '../../../../../shared/attention-study.ts';
import type { LineSeries } from '../../../components/chart/series.ts';
import { formatShare } from '../../../format.ts';

/** What is drawn: the weight that one token receives, or the part of all attention that a kind receives. */
export type AttentionMeasure = 'perToken' | 'share';

/** The kinds that the paper draws. */
const DRAWN_KINDS = ['visual', 'question', 'system'] as const satisfies readonly TokenKind[];

const KIND_NAMES: Readonly<Record<(typeof DRAWN_KINDS)[number], string>> = {
  visual: 'Visual tokens',
  question: 'Question',
  system: 'System prompt',
};

/** For columns. */
export const KIND_TITLES: Readonly<Record<TokenKind, string>> = {
  ...{ visual: 'Visual', question: 'Question', system: 'System', answer: 'Answer' },
};

/** Visual tokens stand out. */
const COLORS: Readonly<Record<(typeof DRAWN_KINDS)[number], string>> = {
  visual: 'var(--series-0)',
  question: 'var(--series-1)',
  system: 'var(--series-4)',
};

/** A line for each kind over the decoder layers; broken where there is no such token. */
export function attentionLines({ layers }: AttentionReport, measure: AttentionMeasure): LineSeries[] {
  return DRAWN_KINDS.map((kind) => ({
    ...{ id: kind, label: KIND_NAMES[kind], color: COLORS[kind] },
    x: layers.map(({ layer }) => layer),
    y: layers.map((layer) => layer[measure][kind] ?? NaN),
  }));
}

/** 3.1e−4; a weight has no unit. */
export const formatWeight = (weight: number | null): string =>
  weight === null || !Number.isFinite(weight) ? '–' : weightText(weight);

/** Layers are whole; an axis has other places too. */
export const formatLayer = (layer: number): string => (Number.isInteger(layer) ? String(layer) : '');

/** A share that may be far below a per cent. */
export const formatPart = (share: number): string => formatShare(share, share > 0 && share < 0.001 ? 3 : 1);
