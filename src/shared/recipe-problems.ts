import { z } from 'zod';
import { closest } from './closest.ts';
import { instructFields, visionFields } from './recipe-fields.ts';
import { recipeSchema, type WrittenRecipe } from './recipe.ts';
import { fieldPath, ruleOf, valueAt } from './validation.ts';

/** Something wrong with a recipe, for a form field or a message. */
export interface RecipeProblem {
  readonly path: readonly PropertyKey[];
  /** The key that does not belong to the group of fields at `path`, where that is the problem. */
  readonly unknownKey?: string;
  readonly value: unknown;
  readonly rule: string;
  readonly hint?: string;
}

export type CheckedRecipe =
  { readonly recipe: WrittenRecipe } | { readonly problems: readonly [RecipeProblem, ...RecipeProblem[]] };

/** Names of the fields below a schema, list entries as `[]`: `optimizer.lr`, `stages[].share`. */
function fieldNames(schema: unknown, prefix = ''): string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return fieldNames(schema.unwrap(), prefix);
  }
  if (schema instanceof z.ZodPipe) return fieldNames(schema.in, prefix);
  if (schema instanceof z.ZodArray) return fieldNames(schema.element, `${prefix}[]`);
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([key, field]) => {
    const name = `${prefix}${prefix && '.'}${key}`;
    return [name, ...fieldNames(field, name)];
  });
}

/** Names of all fields of a phase's recipe. */
function recipeFields(phase: WrittenRecipe['phase']): string[] {
  return fieldNames(phase === 'vision' ? visionFields : instructFields);
}

/** What an unknown key was most likely meant to be: a field of the same group with a similar name, or of that name elsewhere. */
function suggestion(path: readonly PropertyKey[], key: string, phase: WrittenRecipe['phase']): string {
  const names = recipeFields(phase);
  const group = fieldPath(path).replaceAll(/\[\d+\]/g, '[]');
  const prefix = group === '' ? '' : `${group}.`;
  const siblings = names
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .filter((name) => !/[.[]/.test(name));
  const meant = closest(key, siblings) ?? names.find((name) => name.split('.').at(-1) === key);
  return meant === undefined ? `There are: ${siblings.join(', ')}` : `Did you mean ${meant}?`;
}

function unknownKeyProblem(path: readonly PropertyKey[], key: string, phase: WrittenRecipe['phase']): RecipeProblem {
  const rule = `is not a field of a recipe${phase === 'vision' ? ' of phase vision' : ''}`;
  return {
    path,
    unknownKey: key,
    value: undefined,
    rule,
    hint: suggestion(path, key, phase),
  };
}

function problemsOf(issue: z.core.$ZodIssue, value: unknown, phase: WrittenRecipe['phase']): RecipeProblem[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKeyProblem(path, key, phase));
  const found = valueAt(value, path);
  if (path[0] === 'phase') return [{ path, value: found, rule: 'must be instruct or vision' }];
  const hint: unknown = issue.code === 'custom' ? issue.params?.['hint'] : undefined;
  return [{ path, value: found, rule: ruleOf(issue, found), ...(typeof hint === 'string' && { hint }) }];
}

/** Checks plain data (of a file, form or request) as a recipe. All problems are found, unknown keys first: they often explain missing ones. */
export function checkRecipe(value: unknown): CheckedRecipe {
  const result = recipeSchema.safeParse(value);
  if (result.success) return { recipe: result.data };
  const phase = valueAt(value, ['phase']) === 'vision' ? 'vision' : 'instruct';
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, value, phase));
  const isUnknownKey = (problem: RecipeProblem): number => (problem.unknownKey === undefined ? 1 : 0);
  const [first, ...others] = problems.sort((a, b) => isUnknownKey(a) - isUnknownKey(b));
  if (!first) throw new Error('a refused recipe has at least one problem');
  return { problems: [first, ...others] };
}
