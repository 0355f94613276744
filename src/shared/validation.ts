import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

const NAMES_OF_TYPES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a finite number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a group of fields',
};

/** A path as people write it: `stages[1].compression`. */
export function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}${text && '.'}${String(key)}`),
    '',
  );
}

/** The value that a path leads to in plain data; undefined where it leads nowhere. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (parent, key) => (parent as Record<PropertyKey, unknown> | null | undefined)?.[key],
    value,
  );
}

function typeRule(expected: string, isMissing: boolean): string {
  const name = NAMES_OF_TYPES[expected] ?? expected;
  return isMissing ? `is missing: it must be ${name}` : `must be ${name}`;
}

function limitRule(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const isLower = issue.code === 'too_small';
  const limit = isLower ? issue.minimum : issue.maximum;
  if (issue.origin === 'string') return isLower ? 'must not be empty' : `must have at most ${limit} characters`;
  if (issue.origin === 'array')
    return isLower ? `must have ${limit} or more entries` : `must have at most ${limit} entries`;
  if (!issue.inclusive) return isLower ? `must be more than ${limit}` : `must be less than ${limit}`;
  return isLower ? `must be ${limit} or more` : `must be at most ${limit}`;
}

/** The rule that `value` broke, with its limit, in plain words: `must be more than 0`. */
export function ruleOf(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeRule(issue.expected, value === undefined);
    case 'too_small':
    case 'too_big':
      return limitRule(issue);
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    case 'unrecognized_keys':
      return `has no field ${issue.keys.join(', ')}`;
    default:
      return issue.message;
  }
}
