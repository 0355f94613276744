import type { z } from 'zod';
import { InputError } from '../../../shared/errors.ts';

type Path = readonly PropertyKey[];

const fieldName = (path: Path, parent?: string): string =>
  path.reduce<string>(
    (name, key) => name + (typeof key === 'number' ? `[${key}]` : `${name && '.'}${String(key)}`),
    parent ?? '',
  );

const valueAt = (json: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], json);

/**
 * `json` as the schema reads it, or an `InputError` that names the file, the first bad field, its value and the rule.
 *
 * @param parent field of the file that `json` is the value of, where it is not the whole file
 */
export function validate<T extends z.ZodType>(schema: T, json: unknown, file: string, parent?: string): z.output<T> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path ?? [];
  throw new InputError({
    file,
    field: fieldName(path, parent),
    value: valueAt(json, path),
    rule: issue?.message ?? 'is not valid',
  });
}
