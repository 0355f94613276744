import { FLOPS_RULES, type CountedFlops } from '../../shared/flops-rules.ts';
import { formatFlops } from './format.ts';

/** Every count there is with its rule, a line each, for a tooltip. */
export function flopsByRule(counted: CountedFlops): string {
  const known = FLOPS_RULES.filter(({ key }) => counted[key] !== undefined);
  return known.map(({ key, name }) => `${name}: ${formatFlops(counted[key])}`).join('\n');
}
