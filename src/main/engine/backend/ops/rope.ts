import { tf, type Tensor } from '../tensorflow.ts';
import { constant } from '../constants.ts';
import { differentiable } from '../autograd.ts';
import { add, concat, cos, exactMatMul, mul, reshape, scale, sin, toFloat } from '../kernels.ts';

/** Cosines and sines of the rotary angles, repeated for every head: both [R, H·d]. */
export interface RopeTable {
  readonly cos: Tensor;
  readonly sin: Tensor;
  readonly headDim: number;
}

/** The matrix that turns (a, b) into (−b, a) for the two halves of a head, as one small product: x · P. */
function halfRotation(headDim: number): Tensor {
  return constant(`half rotation ${headDim}`, () => {
    const half = headDim / 2;
    const values = new Float32Array(headDim * headDim);
    for (let i = 0; i < half; i++) {
      values[(i + half) * headDim + i] = -1; // out[i] = −x[i + half]
      values[i * headDim + i + half] = 1; // out[i + half] = x[i]
    }
    return tf.tensor2d(values, [headDim, headDim]);
  });
}

/**
 * Rotary tables for a sequence (Su et al. 2021), in the half-split layout of Hugging Face's LLaMA.
 *
 * @param positions int32 [R], the position id of each row
 * @param frequencies [1, d/2]: what each pair of a head turns by from one position to the next
 * @param factor folded into both tables: attention's 1/√d rides on the queries' table for free
 * @returns tables owned by the caller's tidy; a tape keeps them as long as it needs them
 */
export function ropeTable(positions: Tensor, heads: number, frequencies: Tensor, factor = 1): RopeTable {
  const tables = tf.tidy(() => {
    const half = mul(reshape(toFloat(positions), [-1, 1]), frequencies); // [R, d/2]
    const angles = concat([half, half], 1); // [R, d]
    const repeat = (table: Tensor): Tensor => scale(tf.tile(table, [1, heads]), factor);
    return [repeat(cos(angles)), repeat(sin(angles))] as [Tensor, Tensor];
  });
  return { cos: tables[0], sin: tables[1], headDim: 2 * (frequencies.shape[1] as number) };
}

function rotate(x: Tensor, headDim: number, transposeB: boolean): Tensor {
  const shape = x.shape;
  return reshape(exactMatMul(reshape(x, [-1, headDim]), halfRotation(headDim), { transposeB }), shape);
}

/**
 * Rotates queries or keys by their positions: x·cos + rotate(x)·sin. The gradient is the inverse rotation.
 *
 * @param x [R, H·d]
 */
export function rope(x: Tensor, table: RopeTable): Tensor {
  return differentiable(
    [x],
    () => [add(mul(x, table.cos), mul(rotate(x, table.headDim, false), table.sin)), table.cos, table.sin],
    (dy, [cosines, sines]) => [add(mul(dy, cosines as Tensor), rotate(mul(dy, sines as Tensor), table.headDim, true))],
  );
}
