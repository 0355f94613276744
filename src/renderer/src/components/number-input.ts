/** What a number field accepts, apart from its drawing. */

export interface NumberLimits {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** `min` itself is too small, as 0 for a learning rate. */
  readonly aboveMin?: boolean | undefined;
  readonly integer?: boolean | undefined;
  /** An empty field is the answer "not given". */
  readonly optional?: boolean | undefined;
}

export type NumberReading = { readonly value: number | undefined } | { readonly error: string };

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function limitError(value: number, { min, max, aboveMin, integer }: NumberLimits): string | undefined {
  if (integer && !Number.isInteger(value)) return 'must be a whole number';
  if (min !== undefined && (aboveMin ? value <= min : value < min)) {
    return aboveMin ? `must be above ${min}` : `must be ${min} or more`;
  }
  return max !== undefined && value > max ? `must be ${max} or less` : undefined;
}

/** Reads what was typed: plain, with a comma or spaces between thousands left out by hand, or as 1e-3. */
export function readNumber(text: string, limits: NumberLimits = {}): NumberReading {
  const trimmed = text.trim();
  if (trimmed === '') return limits.optional ? { value: undefined } : { error: 'must be given' };
  if (!NUMBER.test(trimmed)) return { error: 'must be a number, such as 20 or 1e-3' };
  const value = Number(trimmed);
  if (!Number.isFinite(value)) return { error: 'must be a smaller number' };
  const error = limitError(value, limits);
  return error ? { error } : { value };
}

/** How a value is put into the field: never rounded, short where that is exact. */
export function writeNumber(value: number | undefined): string {
  if (value === undefined) return '';
  const size = Math.abs(value);
  return size > 0 && size < 1e-3 ? value.toExponential().replace('e+', 'e') : String(value);
}

/** The next value of an arrow key, within the limits and without the noise of binary fractions. */
export function stepped(value: number | undefined, by: number, { min, max }: NumberLimits): number {
  const next = Number(((value ?? min ?? 0) + by).toPrecision(12));
  return Math.min(max ?? Infinity, Math.max(min ?? -Infinity, next));
}
