import { formatShare } from '../format.ts';

/** Less than this apart, and two costs are the same. */
const NOTHING = 0.0005;

export interface Difference {
  readonly text: string;
  readonly kind: 'saved' | 'same' | 'more';
}

/** A cost against that of full training, in words: −24.9 %, same as full, +3.0 %. */
export function differenceTo(value: number, full: number): Difference {
  const share = full > 0 ? value / full : 1;
  if (Math.abs(share - 1) < NOTHING) return { text: 'same as full', kind: 'same' };
  return share < 1
    ? { text: `−${formatShare(1 - share, 1)}`, kind: 'saved' }
    : { text: `+${formatShare(share - 1, 1)}`, kind: 'more' };
}
