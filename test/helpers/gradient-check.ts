import { expect } from 'vitest';
import { Tape, differentiable } from '../../src/main/engine/backend/autograd.ts';
import { mul, sum, reshape } from '../../src/main/engine/backend/kernels.ts';
import { tf, type Tensor } from '../../src/main/engine/backend/tensorflow.ts';
import type { HostTensor } from '../../src/main/engine/model/host-tensor.ts';
import { Random } from '../../src/shared/random.ts';
import { onDevice, randomTensor, relativeDistance } from './tensors.ts';

export type Op = (...inputs: Tensor[]) => Tensor;

export interface GradientCheckOptions {
  /** Which inputs are differentiated; all if absent. The others are frozen. */
  readonly trained?: readonly boolean[];
  /** Step of the differences. */
  readonly step?: number;
  /** Largest relative L2 distance. */
  readonly tolerance?: number;
}

/** Inputs with more elements are checked in random directions instead of element by element. */
const ELEMENTWISE_LIMIT = 96;
const DIRECTIONS = 12;

/** Σ y·projection on the tape: a scalar in which every output element has a weight of its own. */
function project(y: Tensor, projection: Tensor): Tensor {
  return differentiable(
    [y],
    () => [sum(reshape(mul(y, projection), [-1]), 0)],
    (dy) => [mul(projection, dy)],
  );
}

/** Gradients of Σ op(inputs)·projection by the tape; null where an input is frozen. */
export function tapeGradients(
  op: Op,
  inputs: readonly HostTensor[],
  projection: HostTensor,
  trained: readonly boolean[] = inputs.map(() => true),
): (Float32Array | null)[] {
  const tensors = inputs.map(onDevice);
  const direction = onDevice(projection);
  const targets = tensors.filter((_, i) => trained[i]);
  const tape = new Tape();
  tape.watch(targets);
  const gradients: (Float32Array | null)[] = [];
  tf.tidy(() => {
    const found = tape.gradients(
      tape.run(() => project(op(...tensors), direction)),
      targets,
    );
    const read = (tensor: Tensor): Float32Array | undefined =>
      found.get(tensor)?.dataSync() as Float32Array | undefined;
    gradients.push(...tensors.map((tensor) => read(tensor)?.slice() ?? null));
  });
  tf.dispose([...tensors, direction]);
  return gradients;
}

/** Output of an op on the host. */
function valueOf(op: Op, inputs: readonly HostTensor[]): HostTensor {
  const y = tf.tidy(() => op(...inputs.map(({ shape, data }) => tf.tensor(data, shape as number[], 'float32'))));
  try {
    return { shape: y.shape, data: y.dataSync().slice() as Float32Array };
  } finally {
    y.dispose();
  }
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < b.length; i++) total += (a[i] as number) * (b[i] as number);
  return total;
};

/** Unit vectors for a small input, random directions for a large one. */
function directionsOf(size: number, random: Random): Float32Array[] {
  if (size > ELEMENTWISE_LIMIT) {
    return Array.from({ length: DIRECTIONS }, () => randomTensor(random, [size]).data);
  }
  return Array.from({ length: size }, (_, i) => new Float32Array(size).fill(1, i, i + 1));
}

/** Derivative along a direction by differences of fourth order, summed in double precision. */
function numericDerivative(
  op: Op,
  inputs: readonly HostTensor[],
  index: number,
  direction: Float32Array,
  projection: Float32Array,
  step: number,
): number {
  const difference = (distance: number): number => {
    const moved = (sign: number): HostTensor[] =>
      inputs.map((input, i) =>
        i === index
          ? { ...input, data: input.data.map((x, k) => x + sign * distance * (direction[k] as number)) }
          : input,
      );
    const [up, down] = [valueOf(op, moved(1)).data, valueOf(op, moved(-1)).data];
    return dot(
      Float64Array.from(up, (y, i) => y - (down[i] as number)),
      projection,
    );
  };
  return (8 * difference(step) - difference(2 * step)) / (12 * step);
}

/**
 * Compares an op's gradients with finite differences of a random projection of its output, and checks that frozen
 * inputs get none. Deterministic.
 */
export function gradientCheck(op: Op, inputs: readonly HostTensor[], options: GradientCheckOptions = {}): void {
  const { trained = inputs.map(() => true), step = 2e-2, tolerance = 1e-4 } = options;
  const random = Random.from(1, 'gradient-check');
  const projection = randomTensor(random, valueOf(op, inputs).shape);
  const gradients = tapeGradients(op, inputs, projection, trained);
  inputs.forEach((input, i) => {
    const gradient = gradients[i];
    if (!trained[i]) return expect(gradient, `input ${i} is frozen`).toBeNull();
    if (!gradient) throw new Error(`input ${i} got no gradient`);
    expect(gradient.length).toBe(input.data.length);
    const directions = directionsOf(input.data.length, random);
    const numeric = directions.map((u) => numericDerivative(op, inputs, i, u, projection.data, step));
    const analytic = directions.map((u) => dot(gradient, u));
    expect(relativeDistance(analytic, numeric), `gradient of input ${i}`).toBeLessThan(tolerance);
  });
}
