/** Flags and places that several compressors reckon with: a flag is 1 for yes and 0 for no. */
import { add, mul, rangeVector, reshape, sub } from '../backend/kernels.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';

/** A whole number as an int32 scalar. */
export const int = (value: number): Tensor => tf.scalar(value, 'int32');

/** 1 where `flag` is 0, 0 where it is 1, in the flag's own type. */
export const not = (flag: Tensor): Tensor => sub(tf.scalar(1, flag.dtype), flag);

/** x where `flag` is 1, −1 where it is 0; both int32. */
export const onlyWhere = (x: Tensor, flag: Tensor): Tensor => sub(mul(add(x, int(1)), flag), int(1));

/** Places in groups, int32 [G, …], as places in a flat [G, width]. */
export const flattened = (places: Tensor, width: number): Tensor =>
  add(places, reshape(mul(rangeVector(places.shape[0]), int(width)), [-1, 1]));
