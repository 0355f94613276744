import { z } from 'zod';

// Kinds of fields of transformers' config.json.

export const positive = z
  .number()
  .int()
  .min(1)
  .max(2 ** 31 - 1);
export const tokenId = z.number().int().min(0);
export const scale = z.number().positive();

/** A setting that only one value of is implemented: missing or null means that value, anything else is refused with the reason. */
export const only = <T extends string | number | boolean>(value: T, reason: string) =>
  z.custom<T>((given) => given === value, { error: `must be ${JSON.stringify(value)}: ${reason}` }).nullish();

/** A setting that is not implemented whatever its value: it must be absent or null. */
export const absent = (reason: string) =>
  z.custom<null>((given) => given === null, { error: `must be absent: ${reason}` }).optional();

/**
 * A part of the file whose missing keys take the defaults of its `model_type`; without a type, those of the first.
 * What is no object, or has a type that is not in the table, comes back as it is: the schema refuses it.
 */
export function withDefaults(part: unknown, defaults: Readonly<Record<string, object>>): unknown {
  if (typeof part !== 'object' || part === null) return part;
  const { model_type: type = Object.keys(defaults)[0] } = part as { model_type?: unknown };
  return { ...defaults[String(type)], ...part, model_type: type };
}
