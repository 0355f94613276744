import type { Tensor } from '../tensorflow.ts';
import { differentiable } from '../autograd.ts';
import { concat, gather, mul, segmentSum, slice } from '../kernels.ts';

/**
 * Picks rows: y[i] = x[index[i]]. Embedding lookup, merging visual tokens into the text and selecting supervised
 * positions are all this op; its gradient adds each row of dy to the row it came from.
 *
 * @param x [R, D] · @param index int32 [N]
 * @returns [N, D]
 */
export function gatherRows(x: Tensor, index: Tensor): Tensor {
  const rows = x.shape[0];
  return differentiable(
    [x],
    () => [gather(x, index), index],
    (dy, [picked]) => [segmentSum(dy, picked as Tensor, rows)],
  );
}

/** Which rows a pooled row is the mean of: the transposed view serves the gradient. */
export interface Segments {
  /** int32 [R]: the segment of each input row; −1 where the row is dropped. */
  readonly segments: Tensor;
  /** int32 [R]: as `segments`, with 0 where the row is dropped. */
  readonly source: Tensor;
  /** float32 [R, 1]: 1 where the row is kept, 0 where it is dropped. */
  readonly kept: Tensor;
  /** float32 [S, 1]: 1 / rows of the segment, 0 for a segment without rows (padding). */
  readonly weight: Tensor;
}

/**
 * Means over segments of rows: y[s] = mean of x[r] over all r with segments[r] = s. Average pooling of any groups, at
 * any place of any row of a batch, is this one op: text tokens are segments of one.
 *
 * @param x [R, D]
 * @returns [S, D]
 */
export function segmentMean(x: Tensor, { segments, source, kept, weight }: Segments): Tensor {
  return differentiable(
    [x],
    () => [mul(segmentSum(x, segments, weight.shape[0]), weight), source, kept, weight],
    (dy, saved) => {
      const [from, isKept, share] = saved as [Tensor, Tensor, Tensor];
      return [mul(gather(mul(dy, share), from), isKept)];
    },
  );
}

/** Stacks rows: [A, D] and [B, D] → [A + B, D]. */
export function concatRows(a: Tensor, b: Tensor): Tensor {
  const [rowsA, width] = a.shape as [number, number];
  const rowsB = b.shape[0];
  return differentiable(
    [a, b],
    () => [concat([a, b], 0)],
    (dy, _, needs) => [
      needs[0] ? slice(dy, [0, 0], [rowsA, width]) : null,
      needs[1] ? slice(dy, [rowsA, 0], [rowsB, width]) : null,
    ],
  );
}
