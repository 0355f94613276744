import type { Draft, Phase } from './draft.ts';

const SHARED = ['name', 'description', 'seed', 'model', 'checkpoint'] as const;
const INSTRUCT_SCHEME = '4stage';

function pick(value: unknown, keys: readonly string[]): Draft {
  const group = (typeof value === 'object' && value !== null ? value : {}) as Draft;
  return Object.fromEntries(keys.filter((key) => key in group).map((key) => [key, group[key]]));
}

/** The draft turned to another phase: what both phases have stays, what the new one cannot have goes. */
export function inPhase(draft: Draft, phase: Phase): Draft {
  const { data, optimizer } = draft;
  const shared = { ...pick(draft, SHARED), phase };
  if (phase === 'instruct') return { ...shared, data, optimizer, scheme: INSTRUCT_SCHEME };
  const { accumulate: _, ...others } = (optimizer ?? {}) as Record<string, unknown>;
  return { ...shared, data: pick(data, ['train', 'images']), optimizer: others };
}
