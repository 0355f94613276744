import type { AttentionReport, TokenKind } from './attention-study.ts';
import { mean } from './statistics.ts';

/** What the paper found on LLaVA-1.5-7B and GQA (Fig. 1b), in one sentence. */
export const PAPER_FINDING =
  'In LLaVA-1.5-7B a visual token receives about 1e−3 of the answer’s attention in layer 0 and less than 1e−4 from layer 2 on, while a system token receives about 2e−2: visual tokens matter in the first layers only (Fig. 1b).';

/** The first layer behind which the paper finds visual tokens hardly looked at. */
const DEEP_LAYER = 2;

/** The attention that one token of a kind receives in layers `from` to `until`, mean over those that have it. */
function weightIn({ layers }: AttentionReport, kind: TokenKind, from: number, until = Infinity): number | undefined {
  const weights = layers
    .filter(({ layer }) => layer >= from && layer < until)
    .flatMap(({ perToken }) => perToken[kind] ?? []);
  return weights.length === 0 ? undefined : mean(weights);
}

/** 3.1e−3, with a minus that no line breaks behind. */
export const weightText = (weight: number): string => weight.toExponential(1).replace('-', '−');

const timesText = (ratio: number): string => (ratio >= 10 ? String(Math.round(ratio)) : ratio.toFixed(1));

/** What a measurement found, in the paper's words and one sentence. */
export function attentionFinding(report: AttentionReport): string {
  const first = weightIn(report, 'visual', 0, 1);
  const deep = weightIn(report, 'visual', DEEP_LAYER);
  const system = weightIn(report, 'system', DEEP_LAYER);
  if (first === undefined) return 'Here nothing was measured.';
  const start = `Here a visual token receives ${weightText(first)} of the answer’s attention in layer 0`;
  if (deep === undefined) return `${start}; the model has no layer ${DEEP_LAYER}.`;
  const behind = `${start} and ${weightText(deep)} on average from layer ${DEEP_LAYER} on`;
  if (system === undefined) return `${behind}.`;
  const ratio = deep > 0 ? `, ${timesText(system / deep)} times as much` : '';
  return `${behind}, where a system token receives ${weightText(system)}${ratio}.`;
}
