import type { z } from 'zod';
import { InputError } from '../../../shared/errors.ts';

const fieldName = (path: readonly PropertyKey[]): string =>
  path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');

function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], json);
}

/** `json` as the schema reads it, or an `InputError` that names `file`, the first bad field, its value and the rule. */
export function validate<T extends z.ZodType>(schema: T, json: unknown, file: string): z.output<T> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path ?? [];
  throw new InputError({
    file,
    field: fieldName(path),
    value: valueAt(json, path),
    rule: issue?.message ?? 'is not valid',
  });
}
