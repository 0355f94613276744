/**
 * The recipe while it is being written: plain data under the names of the file, sound or not. It is the only state of the
 * form, the timeline and the text; everything else on the screen is computed from it.
 */
import { z } from 'zod';
import { instructFields, visionFields } from '../../../../../shared/recipe-fields.ts';
import type { WrittenRecipe } from '../../../../../shared/recipe.ts';

export type Draft = Readonly<Record<string, unknown>>;
export type DraftPath = readonly (string | number)[];
export type Phase = WrittenRecipe['phase'];

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Plain data as a draft. Anything but a group of fields is an empty one. */
export function toDraft(value: unknown): Draft {
  return isGroup(value) ? value : {};
}

export function phaseOf(draft: Draft): Phase {
  return draft['phase'] === 'vision' ? 'vision' : 'instruct';
}

function setIn(value: unknown, path: DraftPath, changed: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return changed;
  if (typeof key === 'number') {
    const list: readonly unknown[] = Array.isArray(value) ? value : [];
    return list.map((entry, index) => (index === key ? setIn(entry, rest, changed) : entry));
  }
  const group = isGroup(value) ? value : {};
  const next = setIn(group[key], rest, changed);
  if (next !== undefined) return { ...group, [key]: next };
  const { [key]: _, ...others } = group;
  return others;
}

/** The draft with one value set; undefined takes the field out. Groups that are missing on the way are made. */
export function setField(draft: Draft, path: DraftPath, value: unknown): Draft {
  return toDraft(setIn(draft, path, value));
}

/** Looks through what a field is wrapped in; the outermost default counts. */
function unwrapped(schema: unknown): { readonly inner: unknown; readonly fallback: unknown } {
  let [inner, fallback]: [unknown, unknown] = [schema, undefined];
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) {
    if (inner instanceof z.ZodDefault) fallback ??= inner.def.defaultValue;
    inner = inner.unwrap();
  }
  return { inner, fallback };
}

/** The value that a field has where the recipe leaves it out; undefined where it has none. */
export function defaultOf(phase: Phase, path: DraftPath): unknown {
  let schema: unknown = phase === 'vision' ? visionFields : instructFields;
  let found: unknown;
  for (const key of path) {
    const { inner } = unwrapped(schema);
    if (!(inner instanceof z.ZodObject)) return undefined;
    schema = (inner.shape as Readonly<Record<string, unknown>>)[String(key)];
    found = unwrapped(schema).fallback;
  }
  return found;
}
