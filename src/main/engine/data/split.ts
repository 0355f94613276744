import { InputError } from '../../../shared/errors.ts';
import { Random } from '../../../shared/random.ts';

/** Indices of two parts of a dataset, each ascending. */
export interface Split {
  readonly train: Int32Array;
  readonly validation: Int32Array;
}

/**
 * Holds out a share of `count` samples, chosen by the seed: round(share · count) of them, at least one where the share
 * is above 0. @throws InputError where the share is not in [0, 1) or leaves nothing to train on.
 */
export function splitSamples(count: number, validationShare: number, seed: number): Split {
  if (!(validationShare >= 0 && validationShare < 1)) {
    throw new InputError({ field: 'validationShare', value: validationShare, rule: 'must be 0 or more and below 1' });
  }
  const held = validationShare === 0 ? 0 : Math.max(1, Math.round(validationShare * count));
  if (held >= count && count > 0) {
    throw new InputError({
      field: 'validationShare',
      value: validationShare,
      rule: `leaves none of ${count} samples to train on`,
    });
  }
  const order = Random.from(seed, 'split').shuffle(Int32Array.from({ length: count }, (_, i) => i));
  return { train: order.slice(held).sort(), validation: order.slice(0, held).sort() };
}
