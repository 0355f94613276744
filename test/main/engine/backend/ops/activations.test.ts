import { describe, expect, it } from 'vitest';
import { Random } from '../../../../../src/shared/random.ts';
import { activate, swiglu, type Activation } from '../../../../../src/main/engine/backend/ops/activations.ts';
import type { Tensor } from '../../../../../src/main/engine/backend/tensorflow.ts';
import { gradientCheck, tapeGradients } from '../../../../helpers/gradient-check.ts';
import { expectTensorsClose, randomTensor, withTensors } from '../../../../helpers/tensors.ts';
import * as reference from '../reference-ops.ts';

const random = Random.from(3, 'activations');
const x = { shape: [3, 4], data: Float32Array.of(-3.5, -2, -1.2, -0.5, -1e-3, 0, 1e-3, 0.4, 0.9, 1.7, 2.5, 3.5) };

describe.each(['quick_gelu', 'gelu', 'gelu_pytorch_tanh'] satisfies Activation[])('%s', (name) => {
  const op = (a: Tensor): Tensor => activate(a, name);

  it('has the right values', () => {
    withTensors([x], (a: Tensor) =>
      expectTensorsClose(op(a), { shape: [3, 4], data: [...x.data].map(reference.activations[name]) }),
    );
  });

  it('has the right gradient', () => gradientCheck(op, [x]));

  it('is 0 or the identity far from 0, and so is its gradient', () => {
    const far = { shape: [1, 2], data: Float32Array.of(-40, 40) };
    withTensors([far], (a: Tensor) => expectTensorsClose(op(a), { shape: [1, 2], data: [0, 40] }));
    const ones = { shape: [1, 2], data: Float32Array.of(1, 1) };
    const [gradient] = tapeGradients(op, [far], ones);
    expect((gradient as Float32Array)[0]).toBeCloseTo(0, 6);
    expect((gradient as Float32Array)[1]).toBeCloseTo(1, 6);
  });
});

it('the three differ', () => {
  const at1 = Object.values(reference.activations).map((f) => f(1).toFixed(4));
  expect(new Set(at1).size).toBe(3);
});

describe('swiglu', () => {
  const [gate, up] = [randomTensor(random, [4, 5], 2), randomTensor(random, [4, 5])];

  it('is silu(gate) · up', () => {
    withTensors([gate, up], (g: Tensor, u: Tensor) => {
      const expected = reference.swiglu(reference.rowsOf(gate.data, 5), reference.rowsOf(up.data, 5));
      expectTensorsClose(swiglu(g, u), { shape: [4, 5], data: expected.flat() });
    });
  });

  it('has the right gradients', () => {
    gradientCheck(swiglu, [gate, up]);
    gradientCheck(swiglu, [gate, up], { trained: [true, false] });
    gradientCheck(swiglu, [gate, up], { trained: [false, true] });
  });
});
