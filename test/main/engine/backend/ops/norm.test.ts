import { describe, it } from 'vitest';
import { Random } from '../../../../../src/shared/random.ts';
import { layerNorm, rmsNorm } from '../../../../../src/main/engine/backend/ops/norm.ts';
import type { Tensor } from '../../../../../src/main/engine/backend/tensorflow.ts';
import { gradientCheck } from '../../../../helpers/gradient-check.ts';
import { expectTensorsClose, randomTensor, withTensors } from '../../../../helpers/tensors.ts';
import * as reference from '../reference-ops.ts';

const random = Random.from(2, 'norm');
const x = randomTensor(random, [4, 6], 2);
const weight = randomTensor(random, [6]);
const bias = randomTensor(random, [6]);
const rows = reference.rowsOf(x.data, 6);
/** Large enough to show in the sixth digit. */
const EPSILON = 1e-3;

describe('rmsNorm', () => {
  const op = (a: Tensor, w: Tensor): Tensor => rmsNorm(a, w, EPSILON);

  it('divides by the root mean square', () => {
    withTensors([x, weight], (a: Tensor, w: Tensor) => {
      const expected = reference.rmsNorm(rows, [...weight.data], EPSILON);
      expectTensorsClose(op(a, w), { shape: [4, 6], data: expected.flat() });
    });
  });

  it('has the right gradients', () => gradientCheck(op, [x, weight]));
  it('of a frozen weight', () => gradientCheck(op, [x, weight], { trained: [true, false] }));
  it('of a frozen input', () => gradientCheck(op, [x, weight], { trained: [false, true] }));

  it('keeps a row of zeros (padding) finite', () => {
    const zeros = { shape: [1, 6], data: new Float32Array(6) };
    withTensors([zeros, weight], (a: Tensor, w: Tensor) => expectTensorsClose(rmsNorm(a, w, 1e-6), zeros, 0));
  });
});

describe('layerNorm', () => {
  const op = (a: Tensor, w: Tensor, b: Tensor): Tensor => layerNorm(a, w, b, EPSILON);

  it('centres and divides by the standard deviation', () => {
    withTensors([x, weight, bias], (a: Tensor, w: Tensor, b: Tensor) => {
      const expected = reference.layerNorm(rows, [...weight.data], [...bias.data], EPSILON);
      expectTensorsClose(op(a, w, b), { shape: [4, 6], data: expected.flat() }, 2e-6);
    });
  });

  it('has the right gradients', () => gradientCheck(op, [x, weight, bias]));
  it('of frozen weights', () => gradientCheck(op, [x, weight, bias], { trained: [true, false, false] }));
  it('of a frozen input', () => gradientCheck(op, [x, weight, bias], { trained: [false, true, true] }));
});
