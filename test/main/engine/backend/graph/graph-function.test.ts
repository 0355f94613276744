import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canRegisterFunctions } from '../../../../../src/main/engine/backend/graph/binding.ts';
import { GraphCache } from '../../../../../src/main/engine/backend/graph/graph-function.ts';
import {
  floatScalar,
  matMul,
  mul,
  padEnd,
  scale,
  softmax,
  sum,
} from '../../../../../src/main/engine/backend/kernels.ts';
import { tf, type Tensor } from '../../../../../src/main/engine/backend/tensorflow.ts';
import {
  expectNoLeakedTensors,
  expectTensorsClose,
  kernelCalls,
  onDevice,
  valuesOf,
} from '../../../../helpers/tensors.ts';

const matrix = (...values: number[]): Tensor => onDevice({ shape: [2, 2], data: Float32Array.from(values) });

/** Runs `fn` on inputs of its own under a signature and returns the values of its one output. */
function call(cache: GraphCache<string>, signature: string, values: number[], fn: (x: Tensor) => Tensor): number[] {
  const x = matrix(...values);
  const { tensors, description } = cache.run(signature, [x], () => ({ tensors: [fn(x)], description: signature }));
  expect(description).toBe(signature);
  const result = valuesOf(tensors[0] as Tensor);
  tf.dispose([x, ...tensors]);
  return result;
}

describe.skipIf(!canRegisterFunctions())('recorded functions (skipped where the addon lacks our extension)', () => {
  let cache: GraphCache<string>;
  beforeEach(() => (cache = new GraphCache('graph', 2)));
  afterEach(() => cache.dispose());

  const product = (x: Tensor): Tensor => tf.tidy(() => scale(softmax(matMul(x, x)), 3));
  const expectedProduct = (values: number[]): number[] => {
    const x = matrix(...values);
    const y = product(x);
    const result = valuesOf(y);
    tf.dispose([x, y]);
    return result;
  };

  it('compute what their ops do, for the values of every call', () => {
    for (const values of [
      [1, 2, 3, 4],
      [0, -1, 0.5, 2],
      [1, 2, 3, 4],
    ]) {
      const found = call(cache, 'product', values, product);
      expectedProduct(values).forEach((value, i) => expect(found[i]).toBeCloseTo(value, 6));
    }
  });

  it('are recorded once and then are one call', () => {
    call(cache, 'product', [1, 2, 3, 4], product);
    const never = (): Tensor => {
      throw new Error('recorded twice');
    };
    const calls = kernelCalls(() => call(cache, 'product', [4, 3, 2, 1], never));
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatch(/^llavolta_/);
  });

  it('take in constants made before and while they are recorded, and values uploaded on the way', () => {
    floatScalar(0.77);
    const fn = (x: Tensor): Tensor =>
      tf.tidy(() => padEnd(mul(scale(scale(x, 0.77), 0.78), tf.tensor2d([1, 2, 3, 4], [2, 2])), [0, 1]));
    call(cache, 'constants', [1, 1, 1, 1], fn);
    const found = call(cache, 'constants', [1, 10, 100, 1000], fn);
    [1, 20, 0, 300, 4000, 0].forEach((value, i) => expect(found[i]).toBeCloseTo(value * 0.77 * 0.78, 3));
  });

  it('may use ops of tfjs itself', () => {
    const fn = (x: Tensor): Tensor => tf.tidy(() => tf.tile(tf.cast(tf.argMax(x, -1), 'float32'), [2]));
    call(cache, 'tfjs', [1, 2, 3, 4], fn);
    expect(call(cache, 'tfjs', [2, 1, 3, 4], fn)).toEqual([0, 1, 0, 1]);
  });

  it('have outputs of any number, type and rank', () => {
    const x = matrix(1, 2, 3, 4);
    const run = (): readonly Tensor[] =>
      cache.run('several', [x], () => ({
        tensors: [sum(sum(x, 0), 0), tf.tidy(() => tf.argMax(x, 0)), mul(x, x)],
        description: 'several',
      })).tensors;
    for (const outputs of [run(), run()]) {
      const [total, index, squares] = outputs as [Tensor, Tensor, Tensor];
      expectTensorsClose(total, { shape: [], data: [10] });
      expectTensorsClose(index, { dtype: 'int32', shape: [2], data: [1, 1] });
      expectTensorsClose(squares, { shape: [2, 2], data: [1, 4, 9, 16] });
      tf.dispose([...outputs]);
    }
    x.dispose();
  });

  it('are told apart by their signatures', () => {
    expect(call(cache, 'double', [1, 2, 3, 4], (x) => scale(x, 2))).toEqual([2, 4, 6, 8]);
    expect(call(cache, 'triple', [1, 2, 3, 4], (x) => scale(x, 3))).toEqual([3, 6, 9, 12]);
    expect(call(cache, 'double', [1, 1, 1, 1], (x) => scale(x, 2))).toEqual([2, 2, 2, 2]);
  });

  it('beyond the limit, the one not used for longest is recorded again', () => {
    const recorded: string[] = [];
    const use = (name: string): number[] =>
      call(cache, name, [1, 2, 3, 4], (x) => {
        recorded.push(name);
        return scale(x, 2);
      });
    for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) expect(use(name)).toEqual([2, 4, 6, 8]);
    expect(recorded).toEqual(['a', 'b', 'c', 'b']);
    expect(cache.size).toBe(2);
  });

  it('refuse a tensor from outside that is no input', () => {
    const outside = matrix(1, 1, 1, 1);
    // tfjs uploads a tensor at its first use; this one is on the device already.
    tf.tidy(() => void mul(outside, outside));
    expect(() => call(cache, 'outside', [1, 2, 3, 4], (x) => mul(x, outside))).toThrow(
      /Mul uses a tensor from outside the recorded function that is not its input/,
    );
    outside.dispose();
  });

  it('refuse to read values: a later call would not see them', () => {
    expect(() => call(cache, 'reading', [1, 2, 3, 4], (x) => scale(x, mul(x, x).dataSync()[0] as number))).toThrow(
      'a recorded function must not read tensor data',
    );
  });

  it('an error while recording leaves everything usable', () => {
    expect(() =>
      call(cache, 'failing', [1, 2, 3, 4], () => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(cache.size).toBe(0);
    expect(call(cache, 'failing', [1, 2, 3, 4], (x) => scale(x, 2))).toEqual([2, 4, 6, 8]);
    expect(expectedProduct([1, 2, 3, 4])).toHaveLength(4);
  });

  it('leave no tensor behind, recorded or called', async () => {
    await expectNoLeakedTensors(() => call(cache, 'product', [1, 2, 3, 4], product));
    await expectNoLeakedTensors(() => {
      const other = new GraphCache<string>();
      call(other, 'product', [1, 2, 3, 4], product);
      other.dispose();
      expect(other.size).toBe(0);
    });
  });
});

it('in eager mode a function runs as it is, every time', () => {
  const cache = new GraphCache<string>('eager');
  const calls = [1, 2].map(() => kernelCalls(() => call(cache, 'double', [1, 2, 3, 4], (x) => scale(x, 2))));
  expect(calls).toEqual([['Mul'], ['Mul']]);
  expect(cache.size).toBe(0);
});
