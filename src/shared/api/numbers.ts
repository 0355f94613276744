import { z } from 'zod';

/** A whole number, 0 or more. */
export const count = z.int().min(0);

/** A number, 0 or more. */
export const amount = z.number().min(0);

/** In [0, 1]. */
export const share = z.number().min(0).max(1);

/** A time, ISO 8601. */
export const time = z.string();

/** A number in a query, such as `?limit=50`, within bounds and with a default. */
export const queryCount = (fallback: number, least: number, most: number) =>
  z.coerce.number().int().min(least).max(most).default(fallback);

/** A finite number in a query that may be left out. */
export const queryNumber = z.coerce.number().optional();

/** `true` or `false` in a query; left out = either. */
export const queryFlag = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .optional();
