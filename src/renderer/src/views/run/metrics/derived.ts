/** Lines that follow from recorded ones. */
import { ratioPercent } from '../../../../../shared/compression.ts';
import type { Columns } from './curve.ts';
import type { LineKey } from './charts.ts';
import type { RunCurves } from './run-curves.ts';

/**
 * Compression ratio in percent of the run up to each point. Both counts only grow, so thinning them out keeps the same
 * steps of both; a step that one of them lacks has no value.
 */
function runRatio(seen: Columns, saved: Columns): Columns {
  const y = new Float64Array(seen.x.length);
  let at = 0;
  for (let i = 0; i < y.length; i++) {
    const step = seen.steps[i]!;
    while (at < saved.steps.length && saved.steps[at]! < step) at++;
    y[i] = saved.steps[at] === step ? ratioPercent(seen.y[i]! + saved.y[at]!, seen.y[i]!) : NaN;
  }
  return { x: seen.x, y, mean: y, steps: seen.steps };
}

/** The columns of a line; undefined where the run has none. */
export function columnsOf(curves: RunCurves, key: LineKey): Columns | undefined {
  if (key !== 'runCompressionRatio') return curves.get(key)?.columns;
  const [seen, saved] = [curves.get('visualTokensSeen'), curves.get('visualTokensSaved')];
  return seen && saved ? runRatio(seen.columns, saved.columns) : undefined;
}
