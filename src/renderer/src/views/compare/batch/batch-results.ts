/** The results of a batch as rows of a table. Pure. */
import type { BatchDetail } from '../../../../../shared/api/compare.ts';
import { mcnemarProbability } from '../../../../../shared/disagreement.ts';
import type { SettingResult } from '../../../../../shared/evaluation.ts';
import { signed } from '../../../../../shared/signed.ts';

export interface SettingRow {
  readonly result: SettingResult;
  readonly isFull: boolean;
  /** Percentage points of accuracy against full; absent for full and where there is no full setting. */
  readonly difference?: number;
  /** Questions whose answer became wrong and right against full. */
  readonly lost?: number;
  readonly gained?: number;
  /** Probability of such a difference by chance (exact McNemar test). */
  readonly probability?: number;
}

/** A row for each setting, in the report's order; empty while the batch runs. */
export function settingRows({ report, changes }: Pick<BatchDetail, 'report' | 'changes'>): SettingRow[] {
  const full = report?.settings.find(({ compression }) => compression === 'none');
  return (report?.settings ?? []).map((result, place) => {
    const change = changes[place];
    if (result === full || !full || !change) return { result, isFull: result === full };
    return {
      result,
      isFull: false,
      difference: 100 * (result.accuracy - full.accuracy),
      ...change,
      probability: mcnemarProbability(change),
    };
  });
}

/** `+1.2`, `−3.4`, `0.0`: a difference in percentage points. */
export const formatPoints = (points: number): string => signed(points, 1);
