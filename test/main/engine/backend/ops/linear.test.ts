import { describe, expect, it } from 'vitest';
import { Random } from '../../../../../src/shared/random.ts';
import { Tape } from '../../../../../src/main/engine/backend/autograd.ts';
import { add, linear } from '../../../../../src/main/engine/backend/ops/linear.ts';
import { tf, type Tensor } from '../../../../../src/main/engine/backend/tensorflow.ts';
import { gradientCheck } from '../../../../helpers/gradient-check.ts';
import { expectTensorsClose, kernelCalls, onDevice, randomTensor, withTensors } from '../../../../helpers/tensors.ts';
import * as reference from '../reference-ops.ts';

const random = Random.from(1, 'linear');
const x = randomTensor(random, [5, 3]);
const weight = randomTensor(random, [4, 3]);
const bias = randomTensor(random, [4]);
const [xRows, weightRows] = [reference.rowsOf(x.data, 3), reference.rowsOf(weight.data, 3)];

describe('linear', () => {
  it('is x·Wᵀ + b', () => {
    withTensors([x, weight, bias], (a: Tensor, w: Tensor, b: Tensor) => {
      const expected = reference.linear(xRows, weightRows, [...bias.data]);
      expectTensorsClose(linear(a, w, b), { shape: [5, 4], data: expected.flat() });
    });
  });

  it('is x·Wᵀ without a bias', () => {
    withTensors([x, weight], (a: Tensor, w: Tensor) => {
      const expected = reference.linear(xRows, weightRows);
      expectTensorsClose(linear(a, w), { shape: [5, 4], data: expected.flat() });
    });
  });

  it('has the right gradients', () => {
    gradientCheck(linear, [x, weight, bias]);
    gradientCheck(linear, [x, weight]);
  });

  it.each([
    [[true, false, false]],
    [[false, true, false]],
    [[false, false, true]],
    [[true, false, true]],
    [[false, true, true]],
  ])('gives frozen inputs no gradient: %j', (trained) => {
    gradientCheck(linear, [x, weight, bias], { trained });
  });

  it.each([
    { trained: ['x', 'w', 'b'], products: 3, sums: 1 },
    { trained: ['x'], products: 2, sums: 0 },
    { trained: ['w'], products: 2, sums: 0 },
    { trained: ['b'], products: 1, sums: 1 },
    { trained: [], products: 1, sums: 0 },
  ])('runs a kernel only for wanted gradients: $trained', ({ trained, products, sums }) => {
    const tensors = { x: onDevice(x), w: onDevice(weight), b: onDevice(bias) };
    const targets = trained.map((name) => tensors[name as keyof typeof tensors]);
    const calls = kernelCalls(() => {
      const tape = new Tape();
      tape.watch(targets);
      tf.tidy(
        () =>
          void tape.gradients(
            tape.run(() => linear(tensors.x, tensors.w, tensors.b)),
            targets,
          ),
      );
    });
    expect(calls.filter((name) => name === 'MatMul').length).toBe(products);
    expect(calls.filter((name) => name === 'Sum').length).toBe(sums);
    tf.dispose(Object.values(tensors));
  });
});

describe('add', () => {
  const other = randomTensor(random, [5, 3]);

  it('adds element by element', () => {
    withTensors([x, other], (a: Tensor, b: Tensor) => {
      const expected = reference.add(xRows, reference.rowsOf(other.data, 3)).flat();
      expectTensorsClose(add(a, b), { shape: [5, 3], data: expected });
    });
  });

  it('has the right gradients', () => {
    gradientCheck(add, [x, other]);
    gradientCheck(add, [x, other], { trained: [true, false] });
    gradientCheck(add, [x, other], { trained: [false, true] });
  });

  it('of a tensor with itself doubles its gradient', () => {
    gradientCheck((a: Tensor) => add(a, a), [x]);
  });
});
