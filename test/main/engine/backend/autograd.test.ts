import { afterEach, describe, expect, it } from 'vitest';
import { Random } from '../../../../src/shared/random.ts';
import { Tape, differentiable } from '../../../../src/main/engine/backend/autograd.ts';
import { mul } from '../../../../src/main/engine/backend/kernels.ts';
import { swiglu } from '../../../../src/main/engine/backend/ops/activations.ts';
import { add, linear } from '../../../../src/main/engine/backend/ops/linear.ts';
import { rmsNorm } from '../../../../src/main/engine/backend/ops/norm.ts';
import { tf, type Tensor } from '../../../../src/main/engine/backend/tensorflow.ts';
import { gradientCheck } from '../../../helpers/gradient-check.ts';
import { kernelCalls, onDevice, randomTensor, valuesOf } from '../../../helpers/tensors.ts';

const alive = (): number => tf.memory().numTensors;

/** Tensors of one test, freed after it. */
const own: Tensor[] = [];
function scalar(value: number): Tensor {
  const tensor = onDevice({ shape: [], data: Float32Array.of(value) });
  own.push(tensor);
  return tensor;
}
afterEach(() => {
  tf.dispose(own);
  own.length = 0;
});

/** y = a · b with both factors saved. */
const times = (a: Tensor, b: Tensor): Tensor =>
  differentiable(
    [a, b],
    () => [mul(a, b), a, b],
    (dy, [x, y]) => [mul(dy, y as Tensor), mul(dy, x as Tensor)],
  );

const numbersOf = (gradients: Map<Tensor, Tensor>, targets: Tensor[]): (number | undefined)[] =>
  targets.map((target) => gradients.get(target)?.dataSync()[0]);

/** d f(targets) / d targets of scalars. */
function gradientsOf(f: () => Tensor, targets: Tensor[]): (number | undefined)[] {
  return tf.tidy(() => {
    const tape = new Tape();
    tape.watch(targets);
    const y = tape.run(f);
    return numbersOf(tape.gradients(y, targets), targets);
  });
}

describe('gradients', () => {
  it('follow the chain rule', () => {
    const [a, b, c] = [scalar(2), scalar(3), scalar(5)];
    expect(gradientsOf(() => times(times(a, b), c), [a, b, c])).toEqual([15, 10, 6]);
  });

  it('add up where an input is used twice, by one op or by several', () => {
    const [a, b] = [scalar(2), scalar(3)];
    expect(gradientsOf(() => times(a, a), [a])).toEqual([4]);
    expect(gradientsOf(() => add(times(a, b), times(a, a)), [a, b])).toEqual([7, 2]);
    expect(gradientsOf(() => add(add(a, a), a), [a])).toEqual([3]);
  });

  it('of an intermediate that several ops use', () => {
    const a = scalar(3);
    // y = (a² + a²)·a², dy/da = 8a³
    const f = (): Tensor => {
      const square = times(a, a);
      return times(add(square, square), square);
    };
    expect(gradientsOf(f, [a])).toEqual([216]);
  });

  it('are missing for a watched tensor the scalar does not depend on', () => {
    const [a, b] = [scalar(2), scalar(3)];
    expect(gradientsOf(() => times(a, a), [a, b])).toEqual([4, undefined]);
  });

  it('ignore branches that lead nowhere', () => {
    const [a, b] = [scalar(2), scalar(3)];
    const f = (): Tensor => {
      times(a, b);
      return times(a, a);
    };
    expect(gradientsOf(f, [a, b])).toEqual([4, undefined]);
  });

  it('treat what is not watched as a constant', () => {
    const [a, b] = [scalar(2), scalar(3)];
    expect(gradientsOf(() => times(a, b), [b])).toEqual([2]);
  });

  it('of a long chain of ops on matrices match finite differences', () => {
    const random = Random.from(1, 'chain');
    const inputs = [randomTensor(random, [3, 4]), randomTensor(random, [4]), randomTensor(random, [4, 4], 0.5)];
    gradientCheck((x: Tensor, w: Tensor, m: Tensor) => {
      const h = rmsNorm(x, w, 1e-5);
      const residual = add(x, linear(swiglu(linear(h, m), h), m));
      return add(residual, linear(rmsNorm(residual, w, 1e-5), m));
    }, inputs);
  });
});

describe('what is recorded', () => {
  it('nothing without a tape, and nothing is saved', () => {
    const [a, b] = [scalar(2), scalar(3)];
    const before = alive();
    const y = times(a, b);
    expect(alive()).toBe(before + 1);
    y.dispose();
  });

  it('nothing of frozen inputs: no gradient kernels run and nothing stays alive', () => {
    const [a, b] = [scalar(2), scalar(3)];
    const tape = new Tape();
    const before = alive();
    const y = tape.run(() => times(a, b));
    expect(alive()).toBe(before + 1);
    expect(tape.isTracked(y)).toBe(false);
    expect(kernelCalls(() => tf.tidy(() => void tape.gradients(y, [a])))).not.toContain('Mul');
    y.dispose();
  });

  it('only while the tape runs, also after an error inside', () => {
    const a = scalar(2);
    const tape = new Tape();
    tape.watch([a]);
    const failing = (): void => {
      tape.run(() => {
        throw new Error('inside');
      });
    };
    expect(failing).toThrow('inside');
    const y = times(a, a);
    expect(tape.isTracked(y)).toBe(false);
    y.dispose();
  });

  it('a tape inside another one records for itself', () => {
    const a = scalar(3);
    const gradient = gradientsOf(() => {
      const [inner] = gradientsOf(() => times(a, a), [a]);
      expect(inner).toBe(6);
      return times(a, a);
    }, [a]);
    expect(gradient).toEqual([6]);
  });
});

describe('memory', () => {
  it('saved tensors live until their backward has run, and no longer', () => {
    const a = scalar(2);
    const before = alive();
    const tape = new Tape();
    tape.watch([a]);
    // The tidy frees all but the result; the tape keeps the two intermediates it needs.
    const y = tf.tidy(() => tape.run(() => times(times(times(a, a), a), a)));
    expect(alive() - before).toBe(1 + 2);
    const gradients = tf.tidy(() => [...tape.gradients(y, [a]).values()]);
    expect(alive() - before).toBe(1 + 1);
    expect(valuesOf(gradients[0] as Tensor)).toEqual([32]);
    tf.dispose([y, ...gradients]);
    expect(alive()).toBe(before);
  });

  it('a tensor that two ops saved is freed after the second backward', () => {
    const a = scalar(2);
    const before = alive();
    const tape = new Tape();
    tape.watch([a]);
    const y = tf.tidy(() =>
      tape.run(() => {
        const square = times(a, a);
        return add(times(square, a), times(square, square)); // a³ + a⁴
      }),
    );
    const gradients = tf.tidy(() => [...tape.gradients(y, [a]).values()]);
    expect(valuesOf(gradients[0] as Tensor)).toEqual([12 + 32]);
    tf.dispose([y, ...gradients]);
    expect(alive()).toBe(before);
  });

  it('kept tensors stay their owner’s', () => {
    const [a, b] = [scalar(2), scalar(3)];
    gradientsOf(() => times(a, b), [a, b]);
    expect([a.isDisposed, b.isDisposed]).toEqual([false, false]);
    expect(valuesOf(a)).toEqual([2]);
  });

  it('the backward pass frees on its way, inside whatever tidy surrounds it', () => {
    const a = scalar(2);
    const tape = new Tape();
    tape.watch([a]);
    const two = scalar(2);
    const counts: number[] = [];
    const squared = (x: Tensor): Tensor =>
      differentiable(
        [x],
        () => [mul(x, x), x],
        (dy, [saved]) => {
          counts.push(alive());
          return [mul(mul(dy, saved as Tensor), two)];
        },
      );
    const y = tf.tidy(() => tape.run(() => squared(squared(squared(squared(a))))));
    expect(tf.tidy(() => numbersOf(tape.gradients(y, [a]), [a]))).toEqual([16 * 2 ** 15]);
    const start = counts[0] as number;
    expect(counts).toEqual([start, start - 1, start - 2, start - 3]);
    y.dispose();
  });

  it('an error in the forward pass leaves nothing behind once the tape is disposed', () => {
    const a = scalar(2);
    const before = alive();
    const tape = new Tape();
    tape.watch([a]);
    expect(() =>
      tf.tidy(() =>
        tape.run(() => {
          times(times(a, a), a);
          throw new Error('no kernel');
        }),
      ),
    ).toThrow('no kernel');
    expect(alive()).toBeGreaterThan(before);
    tape.dispose();
    expect(alive()).toBe(before);
  });

  it('disposing a used tape is harmless', () => {
    const a = scalar(2);
    const tape = new Tape();
    tape.watch([a]);
    tf.tidy(() => {
      tape.gradients(
        tape.run(() => times(a, a)),
        [a],
      );
      tape.dispose();
      tape.dispose();
    });
    expect(a.isDisposed).toBe(false);
  });
});
