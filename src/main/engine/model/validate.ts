import type { z } from 'zod';
import { InputError } from '../../../shared/errors.ts';
import { fieldPath, ruleOf, valueAt } from '../../../shared/validation.ts';

/**
 * `json` as the schema reads it, or an `InputError` that names the file, the first bad field, its value and the rule.
 *
 * @param parent field of the file that `json` is the value of, where it is not the whole file
 */
export function validate<T extends z.ZodType>(schema: T, json: unknown, file: string, parent?: string): z.output<T> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (!issue) throw result.error;
  const value = valueAt(json, issue.path);
  const field = fieldPath(parent === undefined ? issue.path : [parent, ...issue.path]);
  throw new InputError({ file, field, value, rule: ruleOf(issue, value) });
}
