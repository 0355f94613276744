/** How budgets are asked for: names, units and limits of their fields. Pure. */
import { costOf, fullCost, type BudgetModel } from '../../../../../shared/budget-cost.ts';
import { FIGURE_OF, type BudgetKind } from '../../../../../shared/budget-target.ts';
import { parseCompression } from '../../../../../shared/compression.ts';
import type { BudgetSolutions } from '../../../../../shared/token-budget.ts';
import { flopsRule } from '../../../../../shared/flops-rules.ts';

export const BUDGET_NAMES: Readonly<Record<BudgetKind, string>> = {
  tokens: 'Average visual tokens',
  retained: 'Tokens that are left',
  ratio: 'Compression ratio',
  flopsPaper: 'FLOPs (paper)',
  flopsExact: 'FLOPs (exact)',
};

export const BUDGET_HINTS: Readonly<Record<BudgetKind, string>> = {
  tokens: 'Of an image, mean over the decoder’s layers: the 192, 128 and 64 of VisionZip and PyramidDrop',
  retained: 'Per cent of #Tokens, the visual tokens summed over layers',
  ratio: 'Eq. 3 of the paper; 100 % is no compression',
  flopsPaper: flopsRule('flopsPaper').counts,
  flopsExact: 'Forward pass with vision tower, projector, attention and head',
};

/** The field of a budget. Values are in `unit`; `factor` of them are one of the solver's. */
export interface BudgetScale {
  readonly unit: string;
  readonly factor: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly digits: number;
}

const FLOPS_UNITS = [
  [1e15, 'PFLOPs'],
  [1e12, 'TFLOPs'],
  [1e9, 'GFLOPs'],
  [1e6, 'MFLOPs'],
] as const;

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** What is left when every image is one token from the start: nothing costs less. */
const leastCost = (model: BudgetModel): ReturnType<typeof costOf> =>
  costOf(model, model.visualTokens > 1 ? parseCompression(`-1/${model.visualTokens}`) : []);

/** The limits of a kind of budget on a model: from one token in every layer to full. */
export function budgetScale(model: BudgetModel, kind: BudgetKind): BudgetScale {
  const [least, full] = [FIGURE_OF[kind](leastCost(model)), FIGURE_OF[kind](fullCost(model))];
  if (kind === 'tokens') return { unit: 'tokens', factor: 1, min: 1, max: full, step: 1, digits: 2 };
  if (kind === 'retained') return { unit: '%', factor: 1, min: rounded(least, 1), max: 100, step: 0.1, digits: 1 };
  // Beyond a twentieth, ratios say little and would fill the slider.
  if (kind === 'ratio') {
    return { unit: '%', factor: 1, min: 100, max: Math.min(2000, Math.floor(least)), step: 1, digits: 0 };
  }
  const [factor, unit] = FLOPS_UNITS.find(([one]) => full >= one) ?? [1, 'FLOPs'];
  const [min, max] = [rounded(least / factor, 2), rounded(full / factor, 2)];
  return { unit, factor, min, max, step: 0.01, digits: 2 };
}

/** A budget in the words of another kind: what the best solution comes to there. */
export function sameBudget(
  { single, staged }: BudgetSolutions,
  kind: BudgetKind,
  { factor, digits, min, max }: BudgetScale,
): number {
  const cost = (single[0] ?? staged[0])?.cost;
  const value = cost ? rounded(FIGURE_OF[kind](cost) / factor, digits) : max;
  return Math.min(max, Math.max(min, value));
}

/** A third of the tokens: where a first visit begins. */
export const firstBudget = (model: BudgetModel): number => Math.max(1, Math.round(model.visualTokens / 3));
