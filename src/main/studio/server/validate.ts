import { zValidator } from '@hono/zod-validator';
import type { ValidationTargets } from 'hono';
import type { z } from 'zod';
import { InputError } from '../../../shared/errors.ts';
import { fieldPath, ruleOf, valueAt } from '../../../shared/validation.ts';

const NAMES: Partial<Record<keyof ValidationTargets, string>> = { json: 'request', query: 'address', param: 'address' };

/** Checks a part of a request. What is wrong is told like any other wrong input: field, value and rule. */
export const checked = <T extends z.ZodType, Target extends keyof ValidationTargets>(target: Target, schema: T) =>
  zValidator(target, schema, (result) => {
    if (result.success) return;
    const [issue] = result.error.issues;
    const file = NAMES[target] ?? target;
    if (!issue) throw new InputError({ file, rule: 'is not valid' });
    const value = valueAt(result.data, issue.path);
    throw new InputError({
      file,
      field: fieldPath(issue.path),
      value,
      rule: ruleOf(issue, value),
    });
  });
