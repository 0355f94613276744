/** The runs laid over the one that is shown, as they stand in the address: `?with=a,b`. */
import type { LocationQuery } from 'vue-router';

/** More runs than this cannot be told apart in a chart. */
export const MOST_OTHERS = 11;

/** Names of the runs that are laid over `name`, each once. */
export function overlaidRuns(query: LocationQuery, name: string): readonly string[] {
  const text = query['with'];
  const list = typeof text === 'string' ? text.split(',').filter(Boolean) : [];
  return [...new Set(list)].filter((other) => other !== name).slice(0, MOST_OTHERS);
}

/** The address's query with other runs laid over. */
export function withOverlaid(query: LocationQuery, others: readonly string[]): LocationQuery {
  const { with: _, ...kept } = query;
  const list = others.slice(0, MOST_OTHERS).join(',');
  return list ? { ...kept, with: list } : kept;
}
