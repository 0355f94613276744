import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Variable } from '../../../../src/main/engine/backend/variable.ts';
import { tf } from '../../../../src/main/engine/backend/tensorflow.ts';
import { expectNoLeakedTensors, expectTensorsClose } from '../../../helpers/tensors.ts';

const START = Float32Array.of(1, 2, 3, 4, 5, 6);

describe('a variable', () => {
  let variable: Variable;
  beforeEach(() => (variable = new Variable([2, 3], START)));
  afterEach(() => variable.dispose());

  it('copies what it is given: neither side sees the other change', () => {
    // TensorFlow borrows arrays that happen to lie on a 64-byte boundary: every fourth or so.
    for (let i = 0; i < 64; i++) {
      const source = START.slice();
      const copy = new Variable([6], source);
      source.fill(0);
      expect(copy.toHost()).toEqual(START);
      tf.tidy(() => copy.add(tf.ones([6])));
      expect([...source]).toEqual([0, 0, 0, 0, 0, 0]);
      copy.dispose();
    }
  });

  it('reads as a tensor of its shape', () => {
    tf.tidy(() => expectTensorsClose(variable.read(), { shape: [2, 3], data: START }, 0));
  });

  it('is changed in place', () => {
    tf.tidy(() => {
      variable.add(tf.fill([2, 3], 0.5));
      variable.subtract(tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]));
    });
    expect([...variable.toHost()]).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
    variable.assign(START);
    expect(variable.toHost()).toEqual(START);
  });

  it('gives host copies that later changes do not touch', () => {
    const before = variable.toHost();
    tf.tidy(() => variable.add(tf.ones([2, 3])));
    expect(before).toEqual(START);
    expect([...variable.toHost()]).toEqual([2, 3, 4, 5, 6, 7]);
  });

  it('a tensor read before a change keeps its values', () => {
    tf.tidy(() => {
      const before = variable.read();
      variable.add(tf.ones([2, 3]));
      expectTensorsClose(before, { shape: [2, 3], data: START }, 0);
    });
  });

  it('refuses values of another size', () => {
    expect(() => variable.assign(Float32Array.of(1, 2))).toThrow();
    expect(variable.toHost()).toEqual(START);
  });

  it('two of them are apart', () => {
    const other = new Variable([2, 3], START);
    tf.tidy(() => other.add(tf.ones([2, 3])));
    expect(variable.toHost()).toEqual(START);
    other.dispose();
  });
});

it('leaves no tensor behind', async () => {
  await expectNoLeakedTensors(() => {
    const variable = new Variable([3], Float32Array.of(1, 2, 3));
    variable.toHost();
    variable.assign(Float32Array.of(4, 5, 6));
    variable.dispose();
  });
});

it('cannot be read once it is disposed', () => {
  const variable = new Variable([1], Float32Array.of(1));
  variable.dispose();
  expect(() => variable.read()).toThrow();
});

it('a scalar and an empty one work', () => {
  for (const [shape, data] of [
    [[], Float32Array.of(7)],
    [[0, 3], new Float32Array(0)],
  ] as const) {
    const variable = new Variable(shape, data);
    expect(variable.toHost()).toEqual(data);
    variable.dispose();
  }
});
