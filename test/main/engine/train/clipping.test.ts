import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tf, type Tensor } from '../../../../src/main/engine/backend/tensorflow.ts';
import { clipByGlobalNorm, globalNorm } from '../../../../src/main/engine/train/clipping.ts';
import { expectNoLeakedTensors, onDevice, valuesOf } from '../../../helpers/tensors.ts';

let gradients: Map<string, Tensor>;
beforeEach(() => {
  // 3² + 4² + 12² = 13²
  gradients = new Map([
    ['a', onDevice({ shape: [1, 2], data: Float32Array.of(3, -4) })],
    ['b', onDevice({ shape: [2], data: Float32Array.of(0, 12) })],
  ]);
});
afterEach(() => tf.dispose([...gradients.values()]));

const normOf = (map: ReadonlyMap<string, Tensor>): number => {
  const norm = globalNorm(map);
  const value = norm.dataSync()[0] as number;
  norm.dispose();
  return value;
};
const numbers = (): number[] => [...gradients.values()].flatMap(valuesOf);

describe('the global norm', () => {
  it('is over all elements of all tensors', () => expect(normOf(gradients)).toBe(13));
  it('of nothing is 0', () => expect(normOf(new Map())).toBe(0));

  it.each([Infinity, -Infinity, NaN])('shows a gradient of %d', (value) => {
    const bad = onDevice({ shape: [1], data: Float32Array.of(value) });
    expect(Number.isFinite(normOf(new Map([...gradients, ['c', bad]])))).toBe(false);
    bad.dispose();
  });

  it('leaves no tensor behind', () => expectNoLeakedTensors(() => normOf(gradients)));
});

describe('clipping', () => {
  it('scales every gradient by max / (norm + 1e-6), as PyTorch', () => {
    clipByGlobalNorm(gradients, 13, 2.6);
    const factor = 2.6 / (13 + 1e-6);
    [3, -4, 0, 12].forEach((g, i) => expect(numbers()[i]).toBeCloseTo(g * factor, 6));
    expect(normOf(gradients)).toBeCloseTo(2.6, 6);
  });

  it.each([13.1, 1000])('leaves gradients below the limit of %d as they are', (limit) => {
    const before = [...gradients.values()];
    clipByGlobalNorm(gradients, 13, limit);
    expect([...gradients.values()]).toEqual(before);
    expect(numbers()).toEqual([3, -4, 0, 12]);
  });

  it('just at the limit the 1e-6 counts, as in PyTorch', () => {
    clipByGlobalNorm(gradients, 13, 13);
    expect(numbers()[3]).toBeLessThanOrEqual(12);
    expect(numbers()[3]).toBeCloseTo(12, 5);
  });

  it('of zero gradients changes nothing', () => {
    const zeros = new Map([['a', onDevice({ shape: [2], data: new Float32Array(2) })]]);
    clipByGlobalNorm(zeros, 0, 1);
    expect([...zeros.values()].flatMap(valuesOf)).toEqual([0, 0]);
    tf.dispose([...zeros.values()]);
  });

  it('frees what it replaces', () => {
    const [before, old] = [tf.memory().numTensors, [...gradients.values()]];
    clipByGlobalNorm(gradients, 13, 1);
    expect(tf.memory().numTensors).toBe(before);
    expect(old.every((tensor) => tensor.isDisposed)).toBe(true);
  });
});
