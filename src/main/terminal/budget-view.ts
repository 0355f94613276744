import { FIGURE_OF, type BudgetTarget } from '../../shared/budget-target.ts';
import type { Column } from '../../shared/markdown.ts';
import type { BudgetSolution, BudgetSolutions } from '../../shared/token-budget.ts';
import { formatFlops } from '../../shared/format-flops.ts';
import { textTable } from './table.ts';

const stageText = ({ stages }: BudgetSolution): string =>
  stages
    .map(({ compression, share }) => (share < 1 ? `${compression} for ${(100 * share).toFixed(2)} %` : compression))
    .join(', ');

/** 576 ×2, 72 ×30 */
function layersText({ cost: { tokensPerLayer } }: BudgetSolution): string {
  const runs: { tokens: number; layers: number }[] = [];
  for (const tokens of tokensPerLayer) {
    const last = runs.at(-1);
    if (last?.tokens === tokens) last.layers++;
    else runs.push({ tokens, layers: 1 });
  }
  return runs.map(({ tokens, layers }) => `${Number(tokens.toFixed(1))} ×${layers}`).join(', ');
}

const COLUMNS: readonly Column<BudgetSolution>[] = [
  { title: '', cell: ({ isHit }) => (isHit ? 'hit' : ''), align: 'left' },
  { title: 'setting', cell: stageText, align: 'left' },
  { title: 'average tokens', cell: ({ cost }) => cost.averageTokens.toFixed(2) },
  { title: '#Tokens', cell: ({ cost }) => String(Math.round(cost.summedTokens)) },
  { title: 'left', cell: ({ cost }) => `${cost.retainedPercent.toFixed(1)} %` },
  { title: 'CR', cell: ({ cost }) => `${Math.round(cost.ratio)} %` },
  { title: 'FLOPs paper', cell: ({ cost }) => formatFlops(cost.flopsPaper) },
  { title: 'FLOPs exact', cell: ({ cost }) => formatFlops(cost.flopsExact) },
  { title: 'dropped', cell: ({ dropped }) => (dropped > 0 ? String(dropped) : '') },
  { title: 'tokens × layers', cell: layersText, align: 'left' },
];

const section = (title: string, solutions: readonly BudgetSolution[]): string[] =>
  solutions.length === 0 ? [] : [title, ...textTable(COLUMNS, solutions), ''];

/** What reaches a budget, as text. */
export function budgetText({ single, nested, staged }: BudgetSolutions, { kind, value }: BudgetTarget): string[] {
  const [first] = single;
  if (!first && staged.length === 0) return ['Nothing comes down to this budget: one token a layer is the least.'];
  const figure = first && Number(FIGURE_OF[kind](first.cost).toPrecision(5));
  const isHit = first?.isHit === true;
  return [
    ...section(isHit ? 'One point K/S' : `One point K/S: none hits ${value} exactly, the nearest is ${figure}`, single),
    ...section('Two points, which hit what one cannot', nested),
    ...section('Training in stages, mean over the run', staged),
  ];
}
