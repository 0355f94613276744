import type { Draft } from '../recipe/draft.ts';

/** Steps that any number of settings fits in; a probe runs but a few of them. */
const STEPS = 1000;

/** Settings that a forecast needs measured: those of the stages and, to compare with, no compression; each once. */
export function settingsToMeasure(notations: readonly string[], measured: readonly string[]): string[] {
  const wanted = [...new Set([...notations, 'none'])];
  const missing = wanted.filter((notation) => !measured.includes(notation));
  return missing.length > 0 ? missing : wanted;
}

/**
 * The draft as a recipe that measures settings: one short stage each.
 *
 * @param notations K/S with layers of the model, of `depth` layers
 */
export function probeRecipe(draft: Draft, notations: readonly string[], depth: number): Draft {
  const { scheme: _, optimizer, ...others } = draft;
  const { epochs: __, ...rest } = (optimizer ?? {}) as Record<string, unknown>;
  const stages = notations.map((compression) => ({ compression }));
  return { ...others, optimizer: { ...rest, steps: STEPS }, stages, stageDepth: depth };
}
