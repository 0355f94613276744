/** Where a dragged boundary comes to rest. */

/** Grid of boundaries: 1 % of the run. */
const SNAP = 0.01;

/** A boundary this near to a plain fraction of the run goes there. */
const ATTRACTION = 0.004;
const FRACTIONS = [1 / 3, 2 / 3, 1 / 6, 5 / 6, 1 / 8, 3 / 8, 5 / 8, 7 / 8] as const;

/** Steps of the grid in runs that are counted in steps: 1, 2, 5, 10, 20 …, about a hundred of them to a run. */
export function stepGrid(totalSteps: number): number {
  const wanted = totalSteps / 100;
  if (wanted <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const factor = [1, 2, 5, 10].find((one) => one * power >= wanted) ?? 10;
  return factor * power;
}

/** A part of the run on the grid: whole percents and plain fractions, such as a third. */
export function snapShare(share: number): number {
  const fraction = FRACTIONS.find((one) => Math.abs(one - share) <= ATTRACTION);
  return fraction ?? Math.round(share / SNAP) * SNAP;
}

/** A part of the run that ends at a round number of optimizer steps. */
export function snapSteps(share: number, totalSteps: number): number {
  const grid = stepGrid(totalSteps);
  return (Math.round((share * totalSteps) / grid) * grid) / totalSteps;
}

/** How boundaries of a plan rest. */
export interface Grid {
  /** Optimizer steps of the run, where they are known. */
  readonly totalSteps?: number | undefined;
  /** Stages end at steps, not at shares. */
  readonly bySteps: boolean;
}

function restsAtSteps({ totalSteps, bySteps }: Grid): boolean {
  return totalSteps !== undefined && (bySteps || totalSteps <= 1 / SNAP);
}

/** Where a boundary that was let go at `share` comes to rest; a free one at the nearest optimizer step. */
export function restingPlace(share: number, grid: Grid, isFree: boolean): number {
  const { totalSteps } = grid;
  if (isFree) return totalSteps === undefined ? share : Math.round(share * totalSteps) / totalSteps;
  return totalSteps !== undefined && restsAtSteps(grid) ? snapSteps(share, totalSteps) : snapShare(share);
}

/** How far an arrow key moves a boundary: one place of the grid, or the finest there is. */
export function keyStep(grid: Grid, isFree: boolean): number {
  const { totalSteps } = grid;
  if (totalSteps === undefined) return isFree ? SNAP / 10 : SNAP;
  if (isFree) return 1 / totalSteps;
  return restsAtSteps(grid) ? stepGrid(totalSteps) / totalSteps : SNAP;
}
