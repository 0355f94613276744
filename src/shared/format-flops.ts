import { FLOPS_RULES, type CountedFlops } from './flops-rules.ts';
import type { Column } from './markdown.ts';

const UNITS = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/** FLOPs with a prefix: 1.31 G, 8.26 T. */
export function formatFlops(flops: number): string {
  const step = flops < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(flops) / 3));
  return `${(flops / 1000 ** step).toFixed(step === 0 ? 0 : 2)} ${UNITS[step] ?? ''}`.trim();
}

/** A column for each rule: `FLOPs paper`, `FastV`, `PyramidDrop`, `exact`. */
export const flopsColumns: readonly Column<CountedFlops>[] = FLOPS_RULES.map(({ key, name }, i) => ({
  title: i === 0 ? `FLOPs ${name}` : name,
  cell: (counted) => (counted[key] === undefined ? '-' : formatFlops(counted[key])),
}));
