import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/shared/random.ts';
import { tf } from '../../../../src/main/engine/backend/tensorflow.ts';
import type { HostTensor } from '../../../../src/main/engine/model/host-tensor.ts';
import { Parameters } from '../../../../src/main/engine/model/parameters.ts';
import { AdamW, type AdamWSettings } from '../../../../src/main/engine/train/optimizer.ts';
import {
  expectNoLeakedTensors,
  expectSameTensors,
  onDevice,
  randomTensor,
  relativeDistance,
} from '../../../helpers/tensors.ts';

type Values = Map<string, number[]>;

/** PyTorch's AdamW in double precision: decay first, then both moments with bias correction, ε outside the root. */
class ReferenceAdamW {
  readonly values: Values;
  private readonly dimensions: Map<string, number>;
  private readonly settings: AdamWSettings;
  private readonly moments = new Map<string, { m: number[]; v: number[] }>();

  constructor(weights: ReadonlyMap<string, HostTensor>, settings: AdamWSettings) {
    this.values = new Map([...weights].map(([name, { data }]) => [name, [...data]]));
    this.dimensions = new Map([...weights].map(([name, { shape }]) => [name, shape.length]));
    this.settings = settings;
    for (const [name, { data }] of weights) {
      this.moments.set(name, { m: [...data].map(() => 0), v: [...data].map(() => 0) });
    }
  }

  update(gradients: ReadonlyMap<string, HostTensor>, lr: number, step: number): void {
    const { betas, epsilon, weightDecay } = this.settings;
    const [beta1, beta2] = betas;
    const [correction1, correction2] = [1 - beta1 ** (step + 1), 1 - beta2 ** (step + 1)];
    for (const [name, { data }] of gradients) {
      const { m, v } = this.moments.get(name) as { m: number[]; v: number[] };
      const decay = (this.dimensions.get(name) as number) > 1 ? weightDecay : 0;
      const next = (this.values.get(name) as number[]).map((value, i) => {
        const g = data[i] as number;
        m[i] = beta1 * (m[i] as number) + (1 - beta1) * g;
        v[i] = beta2 * (v[i] as number) + (1 - beta2) * g * g;
        const direction = m[i] / correction1 / (Math.sqrt(v[i] / correction2) + epsilon);
        return value * (1 - lr * decay) - lr * direction;
      });
      this.values.set(name, next);
    }
  }
}

const random = Random.from(1, 'optimizer');
const weights = new Map([
  ['linear.weight', randomTensor(random, [3, 4])],
  ['linear.bias', randomTensor(random, [3])],
  ['norm.weight', randomTensor(random, [4])],
  ['embedding', randomTensor(random, [2, 2, 2])],
  ['frozen', randomTensor(random, [2, 2])],
]);
const isTrained = (name: string): boolean => name !== 'frozen';
const trained = new Map([...weights].filter(([name]) => isTrained(name)));
const SETTINGS: AdamWSettings = { betas: [0.9, 0.99], epsilon: 1e-8, weightDecay: 0 };
const learningRates = [1e-2, 3e-2, 2e-2, 0, 1e-2, 5e-3];

const gradientsAt = (step: number): Map<string, HostTensor> => {
  const stream = Random.from(step, 'gradients');
  return new Map([...trained].map(([name, { shape }]) => [name, randomTensor(stream, shape, 10 ** (1 - step))]));
};

function apply(optimizer: AdamW, gradients: ReadonlyMap<string, HostTensor>, lr: number, step: number): void {
  const tensors = new Map([...gradients].map(([name, gradient]) => [name, onDevice(gradient)]));
  optimizer.update(tensors, lr, step);
  tf.dispose([...tensors.values()]);
}

describe.each([
  { name: 'without decay', settings: SETTINGS },
  { name: 'with decay', settings: { ...SETTINGS, weightDecay: 0.5 } },
  { name: 'with a large ε, where its place shows', settings: { ...SETTINGS, epsilon: 0.1 } },
  { name: 'with other β', settings: { ...SETTINGS, betas: [0, 0.5] as const } },
])('AdamW $name', ({ settings }) => {
  it('makes PyTorch’s steps, gradients from 10 down to 1e-4', () => {
    const parameters = new Parameters(weights, isTrained);
    const optimizer = new AdamW(parameters, settings);
    const reference = new ReferenceAdamW(trained, settings);
    learningRates.forEach((lr, step) => {
      apply(optimizer, gradientsAt(step), lr, step);
      reference.update(gradientsAt(step), lr, step);
      const now = parameters.toHost();
      for (const [name, values] of reference.values) {
        const start = (weights.get(name) as HostTensor).data;
        // What has changed since the start, so that the size of the weights hides nothing.
        const moved = (found: ArrayLike<number>): number[] => [...start].map((x, i) => (found[i] as number) - x);
        const distance = relativeDistance(moved((now.get(name) as HostTensor).data), moved(values));
        expect(distance, `${name} after step ${step + 1}`).toBeLessThan(2e-5);
      }
    });
    optimizer.dispose();
    parameters.dispose();
  });
});

describe('what an update touches', () => {
  function afterOneStep(settings: AdamWSettings, gradients: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> {
    const parameters = new Parameters(weights, isTrained);
    const optimizer = new AdamW(parameters, settings);
    apply(optimizer, gradients, 0.1, 0);
    const result = parameters.toHost();
    optimizer.dispose();
    parameters.dispose();
    return result;
  }

  const changed = (result: Map<string, HostTensor>): string[] =>
    [...weights].filter(([name, { data }]) => String(result.get(name)?.data) !== String(data)).map(([name]) => name);

  it('only trained weights', () => {
    const result = afterOneStep(SETTINGS, gradientsAt(0));
    expect(changed(result)).toEqual([...trained.keys()]);
  });

  it('decay alone (gradient 0) shrinks matrices by lr · decay and leaves biases and norms alone', () => {
    const zeros = new Map([...trained].map(([name, { shape, data }]) => [name, { shape, data: data.map(() => 0) }]));
    const result = afterOneStep({ ...SETTINGS, weightDecay: 0.5 }, zeros);
    expect(changed(result)).toEqual(['linear.weight', 'embedding']);
    const [before, after] = [weights, result].map((map) => map.get('linear.weight')?.data[0] as number);
    expect(after).toBeCloseTo((before as number) * 0.95, 6);
  });

  it('a weight without a gradient stays as it is, decay or not', () => {
    const only = new Map([...gradientsAt(0)].filter(([name]) => name === 'linear.bias'));
    expect(changed(afterOneStep({ ...SETTINGS, weightDecay: 0.5 }, only))).toEqual(['linear.bias']);
  });

  it('the first step has the size of the learning rate, whatever the gradient’s', () => {
    const [before, after] = [weights, afterOneStep(SETTINGS, gradientsAt(0))];
    const gradient = gradientsAt(0).get('linear.bias')?.data as Float32Array;
    gradient.forEach((g, i) => {
      const moved = (after.get('linear.bias')?.data[i] as number) - (before.get('linear.bias')?.data[i] as number);
      expect(moved).toBeCloseTo(-0.1 * Math.sign(g), 5);
    });
  });
});

describe('a saved optimizer', () => {
  it('starts with zero moments under m/ and v/', () => {
    const parameters = new Parameters(weights, isTrained);
    const optimizer = new AdamW(parameters, SETTINGS);
    const saved = optimizer.toHost();
    expect([...saved.keys()]).toEqual([...trained.keys()].flatMap((name) => [`m/${name}`, `v/${name}`]));
    for (const [key, { shape, data }] of saved) {
      expect(shape).toEqual(weights.get(key.slice(2))?.shape);
      expect(data.every((value) => value === 0)).toBe(true);
    }
    optimizer.dispose();
    parameters.dispose();
  });

  it('goes on bit for bit', () => {
    const first = new Parameters(weights, isTrained);
    const straight = new AdamW(first, SETTINGS);
    for (const step of [0, 1]) apply(straight, gradientsAt(step), 1e-2, step);
    const second = new Parameters(first.toHost(), isTrained);
    const resumed = new AdamW(second, SETTINGS, straight.toHost());
    for (const step of [2, 3]) {
      apply(straight, gradientsAt(step), 1e-2, step);
      apply(resumed, gradientsAt(step), 1e-2, step);
    }
    expectSameTensors(second.toHost(), first.toHost());
    expectSameTensors(resumed.toHost(), straight.toHost());
    for (const owner of [straight, resumed, first, second]) owner.dispose();
  });

  it('is a copy: further steps do not reach it', () => {
    const parameters = new Parameters(weights, isTrained);
    const optimizer = new AdamW(parameters, SETTINGS);
    apply(optimizer, gradientsAt(0), 1e-2, 0);
    const saved = optimizer.toHost();
    const copy = new Map([...saved].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));
    apply(optimizer, gradientsAt(1), 1e-2, 1);
    expectSameTensors(saved, copy);
    optimizer.dispose();
    parameters.dispose();
  });
});

it('leaves no tensor behind', async () => {
  await expectNoLeakedTensors(() => {
    const parameters = new Parameters(weights, isTrained);
    const optimizer = new AdamW(parameters, { ...SETTINGS, weightDecay: 0.1 });
    apply(optimizer, gradientsAt(0), 1e-2, 0);
    optimizer.dispose();
    parameters.dispose();
  });
});
