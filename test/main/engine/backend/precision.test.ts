import { describe, expect, it } from 'vitest';
import { batchMatMul, exactMatMul, matMul } from '../../../../src/main/engine/backend/kernels.ts';
import { withPrecision } from '../../../../src/main/engine/backend/precision.ts';
import { tf, type Tensor } from '../../../../src/main/engine/backend/tensorflow.ts';
import { Random } from '../../../../src/shared/random.ts';
import {
  expectNoLeakedTensors,
  expectTensorsClose,
  onDevice,
  randomTensor,
  valuesOf,
} from '../../../helpers/tensors.ts';

/** A float32 number rounded to bfloat16, to the even one of two that are as near. */
function rounded(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  const word = bits[0]!;
  bits[0] = (word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(bits.buffer)[0]!;
}

const inBfloat16 = <T>(compute: () => T): T => withPrecision('bfloat16', compute);

describe('a product in bfloat16', () => {
  it('rounds its factors and brings its result, once, to bfloat16; what comes back is float32', () => {
    const random = Random.from(1, 'precision');
    const [x, w] = [randomTensor(random, [5, 7]), randomTensor(random, [6, 7])];
    const [a, b] = [onDevice(x), onDevice(w)];
    const product = tf.tidy(() => inBfloat16(() => matMul(a, b, { transposeB: true })));
    const expected = Array.from({ length: 30 }, (_, i) => {
      let sum = 0;
      for (let k = 0; k < 7; k++) {
        sum += rounded(x.data[Math.floor(i / 6) * 7 + k]!) * rounded(w.data[(i % 6) * 7 + k]!);
      }
      return sum;
    });
    // One step of a number with 8 bits of mantissa: TensorFlow's CPU kernels cut the result off, others may round it.
    expectTensorsClose(product, { shape: [5, 6], data: expected }, 2 ** -7);
    for (const value of valuesOf(product)) expect(rounded(value)).toBe(value);
    tf.dispose([a, b, product]);
  });

  it('sums in float32: in bfloat16 a sum of ones would stay at 256', () => {
    const ones = (...shape: number[]): Tensor => tf.keep(tf.ones(shape));
    const [row, column] = [ones(2, 4096), ones(4096, 2)];
    const product = tf.tidy(() => inBfloat16(() => matMul(row, column)));
    expect(valuesOf(product)).toEqual([4096, 4096, 4096, 4096]);
    const [rows, columns] = [ones(3, 2, 4096), ones(3, 4096, 2)];
    const batched = tf.tidy(() => inBfloat16(() => batchMatMul(rows, columns)));
    expect(new Set(valuesOf(batched))).toEqual(new Set([4096]));
    tf.dispose([row, column, product, rows, columns, batched]);
  });

  it('is float32 again behind it, even after an error, and where it must be exact', () => {
    const x = onDevice({ shape: [1, 1], data: Float32Array.of(1 + 2 ** -12) });
    const square = (product: () => Tensor): number => {
      const y = tf.tidy(product);
      const [value] = valuesOf(y);
      y.dispose();
      return value!;
    };
    const exact = square(() => matMul(x, x));
    expect(exact).toBeGreaterThan(1);
    expect(square(() => inBfloat16(() => matMul(x, x)))).toBe(1);
    expect(square(() => inBfloat16(() => exactMatMul(x, x)))).toBe(exact);
    expect(() =>
      inBfloat16(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(square(() => matMul(x, x))).toBe(exact);
    x.dispose();
  });

  it('leaves nothing behind', async () => {
    const x = onDevice(randomTensor(Random.from(2, 'leak'), [4, 4]));
    await expectNoLeakedTensors(() => tf.dispose(tf.tidy(() => inBfloat16(() => matMul(x, x)))));
    x.dispose();
  });
});
