/** Where the recipes of runs differ: a table of fields, one column for each run. */

/** A field that is not the same in all recipes. */
export interface DifferentField {
  /** `optimizer.lr`, `stages[1].compression` */
  readonly field: string;
  /** By run, in order; undefined where a recipe has no such field. */
  readonly values: readonly (string | undefined)[];
}

function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** All leaves of a value with their paths, in order. */
function* leaves(value: unknown, path: string): Generator<readonly [path: string, text: string]> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* leaves(item, `${path}[${index}]`);
  } else if (isBranch(value)) {
    for (const [key, item] of Object.entries(value)) yield* leaves(item, path === '' ? key : `${path}.${key}`);
  } else if (value !== undefined) {
    yield [path, typeof value === 'string' ? value : JSON.stringify(value)];
  }
}

/** Name and description say what a run is for, not what it does. */
const SAYS_NOTHING = new Set(['name', 'description']);

/** The fields in which recipes differ, in the order they first appear. */
export function differentFields(recipes: readonly unknown[]): DifferentField[] {
  const flat = recipes.map((recipe) => new Map(leaves(recipe, '')));
  const fields = new Set(flat.flatMap((recipe) => [...recipe.keys()]));
  return [...fields]
    .filter((field) => !SAYS_NOTHING.has(field))
    .map((field) => ({ field, values: flat.map((recipe) => recipe.get(field)) }))
    .filter(({ values }) => new Set(values).size > 1);
}
