import { describe, expect, it } from 'vitest';
import * as kernels from '../../../../src/main/engine/backend/kernels.ts';
import { kernel } from '../../../../src/main/engine/backend/kernel.ts';
import { tf, type Tensor } from '../../../../src/main/engine/backend/tensorflow.ts';
import {
  expectNoLeakedTensors,
  expectTensorsClose,
  indexVector,
  onDevice,
  withTensors,
} from '../../../helpers/tensors.ts';

const a = { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
const b = { shape: [3, 2], data: Float32Array.of(1, 0, 0, 1, 1, 1) };

describe('matMul', () => {
  it('multiplies, with either side transposed', () => {
    withTensors([a, b], (x: Tensor, y: Tensor) => {
      expectTensorsClose(kernels.matMul(x, y), { shape: [2, 2], data: [4, 5, 10, 11] }, 0);
      expectTensorsClose(kernels.matMul(x, x, { transposeB: true }), { shape: [2, 2], data: [14, 32, 32, 77] }, 0);
      expectTensorsClose(kernels.matMul(y, y, { transposeA: true }), { shape: [2, 2], data: [2, 1, 1, 2] }, 0);
    });
  });
});

describe('shapes', () => {
  it('transpose moves axes, of size 1 as well', () => {
    withTensors([a], (x: Tensor) => {
      expectTensorsClose(kernels.transpose(x, [1, 0]), { shape: [3, 2], data: [1, 4, 2, 5, 3, 6] }, 0);
      const row = kernels.reshape(x, [1, 2, 1, 3]);
      expectTensorsClose(kernels.transpose(row, [2, 1, 3, 0]), { shape: [1, 2, 3, 1], data: a.data }, 0);
      expectTensorsClose(kernels.transpose(row, [3, 0, 1, 2]), { shape: [3, 1, 2, 1], data: [1, 4, 2, 5, 3, 6] }, 0);
    });
  });

  it('padEnd appends zeros on each axis', () => {
    withTensors([a], (x: Tensor) =>
      expectTensorsClose(kernels.padEnd(x, [1, 2]), {
        shape: [3, 5],
        data: [1, 2, 3, 0, 0, 4, 5, 6, 0, 0, 0, 0, 0, 0, 0],
      }),
    );
  });

  it('slice, transpose and concat', () => {
    withTensors([a], (x: Tensor) => {
      expectTensorsClose(kernels.slice(x, [0, 1], [2, 2]), { shape: [2, 2], data: [2, 3, 5, 6] }, 0);
      expectTensorsClose(kernels.transpose(x, [1, 0]), { shape: [3, 2], data: [1, 4, 2, 5, 3, 6] }, 0);
      expectTensorsClose(kernels.concat([x, x], 1), { shape: [2, 6], data: [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6] }, 0);
    });
  });

  it('index arrays keep their type', () => {
    const index = indexVector([3, 1, 2]);
    tf.tidy(() => {
      expectTensorsClose(kernels.reshape(index, [3, 1]), { dtype: 'int32', shape: [3, 1], data: [3, 1, 2] }, 0);
      expectTensorsClose(kernels.toFloat(index), { shape: [3], data: [3, 1, 2] }, 0);
    });
    index.dispose();
  });
});

describe('sums', () => {
  it('over an axis, kept or not', () => {
    withTensors([a], (x: Tensor) => {
      expectTensorsClose(kernels.sum(x, 0), { shape: [3], data: [5, 7, 9] }, 0);
      expectTensorsClose(kernels.sum(x, 1, true), { shape: [2, 1], data: [6, 15] }, 0);
      expectTensorsClose(kernels.mean(x, 1), { shape: [2], data: [2, 5] }, 0);
      expectTensorsClose(kernels.addN([x, x, x]), { shape: [2, 3], data: a.data.map((v) => 3 * v) }, 0);
      expectTensorsClose(kernels.l2Loss(x), { shape: [], data: [45.5] }, 0);
    });
  });

  it('of what stands before each value', () => {
    withTensors([a], (x: Tensor) => {
      expectTensorsClose(kernels.sumBefore(x, 1), { shape: [2, 3], data: [0, 1, 3, 0, 4, 9] }, 0);
    });
  });
});

describe('classification', () => {
  const logits = { shape: [3, 3], data: Float32Array.of(0, 2, 1, 5, 4, 3, 1, 2, 9) };

  it('argMax, and accuracy by weight', () => {
    const classes = indexVector([1, 0, 1]);
    withTensors([logits], (x: Tensor) => {
      expectTensorsClose(kernels.argMax(x), { dtype: 'int32', shape: [3], data: [1, 0, 2] }, 0);
      const weights = onDevice({ shape: [3], data: Float32Array.of(0.5, 0, 0.25) });
      expectTensorsClose(kernels.weightedAccuracy(x, classes, weights), { shape: [], data: [0.5] });
      weights.dispose();
    });
    classes.dispose();
  });
});

describe('constants', () => {
  it('are made once', () => {
    expect(kernels.intVector([4, 5])).toBe(kernels.intVector([4, 5]));
    expect(kernels.floatScalar(0.3)).toBe(kernels.floatScalar(0.3));
  });

  it('a float and a vector with the same digits are two', () => {
    expectTensorsClose(kernels.intVector([7]), { dtype: 'int32', shape: [1], data: [7] }, 0);
    expectTensorsClose(kernels.floatScalar(7), { shape: [], data: [7] }, 0);
  });

  it('survive a surrounding tidy', async () => {
    tf.tidy(() => kernels.floatScalar(0.123));
    expect(kernels.floatScalar(0.123).isDisposed).toBe(false);
    await expectNoLeakedTensors(() => tf.tidy(() => void kernels.scale(tf.ones([2]), 0.123)));
  });
});

describe('errors of a kernel', () => {
  it('are JavaScript errors that name it', () => {
    withTensors([a], (x: Tensor) => expect(() => kernels.matMul(x, x)).toThrow(/Matrix size-incompatible|MatMul/));
    withTensors([a], (x: Tensor) => expect(() => kernel('NoSuchOp', [x])).toThrow(/NoSuchOp/));
  });

  it('an index outside the rows is an error on the CPU, not garbage', () => {
    const outside = indexVector([2]);
    withTensors([a], (x: Tensor) => expect(() => kernels.gather(x, outside)).toThrow(/not in \[0, 2\)/));
    outside.dispose();
  });
});
