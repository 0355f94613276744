/** Limits of number fields, from the recipe's schema: what the form allows is what the file allows. */
import { z } from 'zod';
import { instructFields, visionFields } from '../../../../../shared/recipe-fields.ts';
import type { DraftPath, Phase } from './draft.ts';

export interface FieldLimits {
  readonly min?: number;
  readonly max?: number;
  /** `min` itself is too small. */
  readonly aboveMin?: boolean;
  readonly integer?: boolean;
}

type JsonSchema = Readonly<Record<string, unknown>>;

const schemas: Readonly<Record<Phase, JsonSchema>> = {
  instruct: z.toJSONSchema(instructFields, { io: 'input', unrepresentable: 'any' }),
  vision: z.toJSONSchema(visionFields, { io: 'input', unrepresentable: 'any' }),
};

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null;
}

function below(schema: JsonSchema, key: string | number): JsonSchema {
  const name = typeof key === 'number' ? 'prefixItems' : 'properties';
  const { anyOf } = schema;
  // Of a field that may be a group or something else, the group.
  const forms: unknown[] = [schema, ...(Array.isArray(anyOf) ? anyOf : [])];
  const group = forms.filter(isSchema).find((form) => isSchema(form[name]))?.[name];
  const found = isSchema(group) ? group[key] : undefined;
  return isSchema(found) ? found : {};
}

const asNumber = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** Of a field that may be a word or a number, the number. */
function numeric(schema: JsonSchema): JsonSchema {
  const { anyOf } = schema;
  const found: unknown = Array.isArray(anyOf)
    ? anyOf.find((one) => isSchema(one) && one['type'] === 'integer')
    : schema;
  return isSchema(found) ? found : {};
}

/** The limits of a number field; of anything else, none. */
export function limitsOf(phase: Phase, path: DraftPath): FieldLimits {
  const schema = numeric(path.reduce(below, schemas[phase]));
  const above = asNumber(schema['exclusiveMinimum']);
  const min = above ?? asNumber(schema['minimum']);
  const max = asNumber(schema['maximum']);
  return {
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    ...(above !== undefined && { aboveMin: true }),
    ...(schema['type'] === 'integer' && { integer: true }),
  };
}

/** The words that a field may have; empty where it is no choice between words. */
export function choicesOf(phase: Phase, path: DraftPath): readonly string[] {
  const { enum: words } = path.reduce(below, schemas[phase]);
  return Array.isArray(words) ? words.filter((word) => typeof word === 'string') : [];
}

/** Fields right below a group, with their kind as far as a form can draw it. */
export function fieldsBelow(phase: Phase, path: DraftPath): { readonly key: string; readonly kind: string }[] {
  const { properties } = path.reduce(below, schemas[phase]);
  if (!isSchema(properties)) return [];
  return Object.entries(properties).map(([key, schema]) => {
    const { type, enum: words } = isSchema(schema) ? schema : {};
    return { key, kind: Array.isArray(words) ? 'choice' : String(type) };
  });
}
