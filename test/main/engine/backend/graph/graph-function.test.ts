import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canRegisterFunctions, type BindingAttribute } from '../../../../../src/main/engine/backend/graph/binding.ts';
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
import { linear } from '../../../../../src/main/engine/backend/ops/linear.ts';
import { tf, type Tensor } from '../../../../../src/main/engine/backend/tensorflow.ts';
import {
  expectNoLeakedTensors,
  expectTensorsClose,
  kernelCalls,
  onDevice,
  valuesOf,
} from '../../../../helpers/tensors.ts';

/** An op with an attribute as the binding takes it. */
function runWithAttribute(x: Tensor, attribute: BindingAttribute): Tensor {
  const backend = tf.backend() as unknown as {
    executeSingleOutput(name: string, attributes: BindingAttribute[], inputs: Tensor[]): Tensor;
  };
  return backend.executeSingleOutput('Square', [attribute], [x]);
}

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
  beforeEach(() => (cache = new GraphCache('graph', { limit: 2 })));
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
    expect(cache.counts).toEqual({ recorded: 4, evicted: 2 });
  });

  it('are recorded only once a signature has come often enough', () => {
    const patient = new GraphCache<string>('graph', { eagerCalls: 2 });
    const calls = [1, 2, 3, 4].map(() =>
      kernelCalls(() => expect(call(patient, 'double', [1, 2, 3, 4], (x) => scale(x, 2))).toEqual([2, 4, 6, 8])),
    );
    expect(calls.slice(0, 2)).toEqual([['Mul'], ['Mul']]);
    expect(calls[2]).toContain('Mul');
    expect(calls[3]).toEqual([expect.stringMatching(/^llavolta_/)]);
    expect(patient.counts).toEqual({ recorded: 1, evicted: 0 });
    patient.dispose();
  });

  it('refuse a tensor from outside that is no input', () => {
    const outside = matrix(1, 1, 1, 1);
    // tfjs uploads a tensor at its first use; this one is on the device already.
    tf.tidy(() => void mul(outside, outside));
    expect(() => call(cache, 'outside', [1, 2, 3, 4], (x) => mul(x, outside))).toThrow(
      /^input 1 of Mul, float32 \[2, 2\], comes from outside the recorded function and is not one of its inputs \(at .*graph-function\.test\.ts:\d+:\d+\)$/,
    );
    outside.dispose();
  });

  it('refuse such a tensor too where its values still lie on the host: they are not a constant', () => {
    const outside = matrix(1, 1, 1, 1);
    expect(() => call(cache, 'pending', [1, 2, 3, 4], (x) => mul(x, outside))).toThrow(
      /^input 1 of Mul, float32 \[2, 2\], comes from outside/,
    );
    expect(() => call(cache, 'pending', [1, 2, 3, 4], (x) => tf.matMul(outside, x))).toThrow(
      /^input 0 of BatchMatMulV2, float32 \[1, 2, 2\], comes from outside|^input 0 of \w+, float32 \[2, 2\], comes from outside/,
    );
    outside.dispose();
  });

  it('name the line of an op that asked for the tensor, past the words that ops are written in', () => {
    const weight = matrix(1, 1, 1, 1);
    expect(() => call(cache, 'linear', [1, 2, 3, 4], (x) => linear(x, weight))).toThrow(
      /^input 1 of MatMul, .* \(at backend\/ops\/linear\.ts:\d+:\d+\)$/,
    );
    weight.dispose();
  });

  it('refuse to return a tensor from outside', () => {
    const outside = matrix(1, 1, 1, 1);
    expect(() => call(cache, 'returned', [1, 2, 3, 4], () => outside)).toThrow(
      /^output 0 of the function, float32 \[2, 2\], comes from outside/,
    );
  });

  it('refuse to read values: a later call would not see them', () => {
    const reading = (read: (x: Tensor) => unknown) => () =>
      call(cache, 'reading', [1, 2, 3, 4], (x) => tf.tidy(() => (read(x), scale(x, 2))));
    const message = 'a recorded function must not read tensor data';
    expect(reading((x) => mul(x, x).dataSync())).toThrow(
      /must not read tensor data.*: the result of Mul, float32 \[2, 2\] \(at .*graph-function\.test\.ts:\d+:\d+\)$/,
    );
    expect(reading((x) => x.dataSync())).toThrow('the result of input0, float32 [2, 2]');
    const outside = matrix(1, 1, 1, 1);
    expect(reading(() => outside.dataSync())).toThrow(message);
    outside.dispose();
  });

  it('may read what is made from values on the way', () => {
    const fn = (x: Tensor): Tensor => tf.tidy(() => scale(x, tf.scalar(3).dataSync()[0] as number));
    expect(call(cache, 'own', [1, 2, 3, 4], fn)).toEqual([3, 6, 9, 12]);
  });

  it('refuse attributes of a kind that a graph cannot hold', () => {
    const fn = (x: Tensor): Tensor => runWithAttribute(x, { name: 'T', type: 12345, value: 1 });
    expect(() => call(cache, 'attribute', [1, 2, 3, 4], fn)).toThrow(
      /^attribute T of Square is of a kind that cannot be recorded \(at .*graph-function\.test\.ts:\d+:\d+\)$/,
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
