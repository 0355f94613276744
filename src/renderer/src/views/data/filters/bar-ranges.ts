/** Bars of a distribution as ranges of whole numbers, for their labels and for filtering by them. Pure. */
import type { Histogram } from '../../../../../shared/api/datasets.ts';

export interface Bar {
  readonly label: string;
  readonly count: number;
  /** As a range filter takes it. */
  readonly range: string;
}

/** The bars of a histogram over whole numbers. A bar reaches from its edge up to, not including, the next. */
export function barsOf({ edges, counts }: Histogram): Bar[] {
  return counts.map((count, i) => {
    const low = Math.ceil(edges[i] ?? 0);
    const end = edges[i + 1] ?? low;
    const high = Math.max(low, Math.ceil(end) - 1);
    const isOne = low === high;
    return { label: isOne ? String(low) : `${low}–${high}`, count, range: isOne ? String(low) : `${low}-${high}` };
  });
}

/** The bars that hold anything. A distribution with one such bar has nothing to choose from. */
export function filledBars(histogram: Histogram): Bar[] {
  return barsOf(histogram).filter(({ count }) => count > 0);
}
