/** Reading files that others publish: keys that are not needed are left aside, what is needed is checked. */
import { basename } from 'node:path';
import type { z } from 'zod';
import { InputError } from '../../../../shared/errors.ts';
import { fieldPath, ruleOf, valueAt } from '../../../../shared/validation.ts';
import { readMembers } from '../json-members.ts';
import { parseRecord, readRecords } from '../json-records.ts';

/** A record of a published file with where it stands, e.g. `questions[3]`. */
export interface Placed<T> {
  readonly record: T;
  readonly file: string;
  readonly field: string;
}

/** @throws InputError naming file, field and the rule that is broken */
export function checked<S extends z.ZodType>(schema: S, value: unknown, file: string, field: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0] as z.core.$ZodIssue;
  const path = fieldPath(issue.path);
  const found = valueAt(value, issue.path);
  const rule = ruleOf(issue, found);
  throw new InputError({ file, field: path === '' ? field : `${field}.${path}`, value: found, rule });
}

/** Elements of the list under `key` of a file that holds one object. @throws InputError where there is none */
export function* listOf<S extends z.ZodType>(file: string, key: string, schema: S): Generator<Placed<z.output<S>>> {
  let isEmpty = true;
  for (const { key: found, place, value } of readMembers(file)) {
    if (found !== key || place === undefined) continue;
    isEmpty = false;
    const field = `${key}[${place}]`;
    yield { record: checked(schema, value, file, field), file, field };
  }
  if (isEmpty) throw new InputError({ file, field: key, rule: 'is missing or empty: it must be a list of records' });
}

/** The entries of a file that holds one object of records: key → record. @throws InputError where there are none */
export function* entriesOf<S extends z.ZodType>(
  file: string,
  schema: S,
): Generator<Placed<z.output<S>> & { readonly key: string }> {
  let isEmpty = true;
  for (const { key, value } of readMembers(file)) {
    isEmpty = false;
    yield { key, record: checked(schema, value, file, key), file, field: key };
  }
  if (isEmpty) throw new InputError({ file, rule: 'is empty; it must hold records' });
}

/** The records of a JSON list or of JSON lines. */
export function* recordsOf<S extends z.ZodType>(file: string, schema: S): Generator<Placed<z.output<S>>> {
  let place = 0;
  for (const { bytes, line } of readRecords(file)) {
    const field = `record ${place++} (line ${line})`;
    let value: unknown;
    try {
      value = parseRecord(bytes);
    } catch (cause) {
      throw new InputError({ file, field, rule: 'is not valid JSON, or not UTF-8' }, { cause });
    }
    yield { record: checked(schema, value, file, field), file, field };
  }
}

/** The single values of a file that holds one object; its lists are left out. */
export function singleValues(file: string): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const { key, place, value } of readMembers(file)) if (place === undefined) found.set(key, value);
  return found;
}

/** The one file whose name matches; undefined where none does. @throws InputError where several do */
export function optionalFile(files: readonly string[], name: RegExp, what: string): string | undefined {
  const found = files.filter((file) => name.test(basename(file)));
  if (found.length <= 1) return found[0];
  const rule = `there are ${found.length} files of ${what}: give one of them with --from`;
  throw new InputError({ field: '--from', value: found.map((file) => basename(file)).join(', '), rule });
}

/** The one file whose name matches. @throws InputError where none or several do */
export function oneFile(files: readonly string[], name: RegExp, what: string): string {
  const found = optionalFile(files, name, what);
  if (found === undefined) {
    const value = files.map((file) => basename(file)).slice(0, 5);
    throw new InputError({ field: '--from', value, rule: `holds no file of ${what}` });
  }
  return found;
}

/** The elements of one list of single values of a file that holds one object. @throws InputError */
export function valuesOf<S extends z.ZodType>(file: string, key: string, schema: S): z.output<S>[] {
  return [...listOf(file, key, schema)].map(({ record }) => record);
}
