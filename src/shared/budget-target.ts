import { FULL } from './compression.ts';
import { paperFlops, type ModelShape } from './cost.ts';
import { exactRowFlops, type BudgetCost, type BudgetModel } from './budget-cost.ts';
import { InputError } from './errors.ts';
import { forwardFlops } from './exact-flops.ts';

/** What a budget is given in. */
export const BUDGET_KINDS = ['tokens', 'retained', 'ratio', 'flopsPaper', 'flopsExact'] as const;
export type BudgetKind = (typeof BUDGET_KINDS)[number];

/**
 * A budget: average visual tokens per layer, per cent of #Tokens that are left, a compression ratio in per cent, or FLOPs
 * of a forward pass.
 */
export interface BudgetTarget {
  readonly kind: BudgetKind;
  readonly value: number;
}

/** The figure of a cost that a kind of budget is about. */
export const FIGURE_OF: Readonly<Record<BudgetKind, (cost: BudgetCost) => number>> = {
  tokens: ({ averageTokens }) => averageTokens,
  retained: ({ retainedPercent }) => retainedPercent,
  ratio: ({ ratio }) => ratio,
  flopsPaper: ({ flopsPaper }) => flopsPaper,
  flopsExact: ({ flopsExact }) => flopsExact,
};

/** Token counts are exact; shares and ratios are printed in whole or tenth per cent, FLOPs in three digits. */
const HIT_PERCENT: Readonly<Record<'retained' | 'ratio', number>> = { retained: 0.05, ratio: 0.5 };
const HIT_FLOPS = 0.0025;
const ROUNDING = 1e-9;

/** How a search compares settings: a score that falls with every token that is removed. */
export interface Goal {
  /** The score that must not be exceeded, hits aside. */
  readonly limit: number;
  /** Score of no tokens at all. */
  readonly base: number;
  /** What a decoder layer that runs on n visual tokens adds to the score. */
  layerScore(n: number): number;
  /** Whether a score is the budget itself, as precisely as such figures are printed. */
  isHit(score: number): boolean;
}

function tokenGoal(summed: number, isHit: (score: number) => boolean): Goal {
  return { limit: summed * (1 + ROUNDING), base: 0, layerScore: (n) => n, isHit };
}

/** The shape with a decoder of one layer. */
const oneLayer = (shape: ModelShape): ModelShape => ({ ...shape, decoder: { ...shape.decoder, layers: 1 } });

function remembered(compute: (n: number) => number): (n: number) => number {
  const known = new Map<number, number>();
  return (n) => {
    const found = known.get(n) ?? compute(n);
    known.set(n, found);
    return found;
  };
}

function flopsGoal(model: BudgetModel, kind: 'flopsPaper' | 'flopsExact', value: number): Goal {
  const { textTokens, visualTokens } = model;
  const shape = oneLayer(model.shape);
  const layerScore = remembered((n) => {
    if (kind === 'flopsPaper') return paperFlops(shape.decoder, [n], textTokens);
    const parts = forwardFlops(shape, { groupLengths: [n], textTokens, headTokens: 1 }, FULL);
    return parts.decoderLinear + parts.decoderAttention;
  });
  const { layers } = model.shape.decoder;
  const base = kind === 'flopsPaper' ? 0 : exactRowFlops(model, FULL) - layers * layerScore(visualTokens);
  const isHit = (score: number): boolean => Math.abs(score - value) <= HIT_FLOPS * value;
  return { limit: value * (1 + ROUNDING), base, layerScore, isHit };
}

/** @throws InputError where the budget is no number above 0, or a ratio below 100 */
export function goalOf(model: BudgetModel, { kind, value }: BudgetTarget): Goal {
  const least = kind === 'ratio' ? 100 : 0;
  if (!Number.isFinite(value) || value < least || value === 0) {
    const rule = kind === 'ratio' ? 'must be 100 % (no compression) or more' : 'must be a number above 0';
    throw new InputError({ field: kind, value, rule });
  }
  const full = model.visualTokens * model.shape.decoder.layers;
  switch (kind) {
    case 'tokens': {
      const summed = value * model.shape.decoder.layers;
      return tokenGoal(summed, (score) => Math.abs(score - summed) <= ROUNDING * summed);
    }
    case 'retained':
      return tokenGoal((full * value) / 100, (score) => Math.abs((100 * score) / full - value) <= HIT_PERCENT.retained);
    case 'ratio':
      return tokenGoal((100 * full) / value, (score) => Math.abs((100 * full) / score - value) <= HIT_PERCENT.ratio);
    default:
      return flopsGoal(model, kind, value);
  }
}
