import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseCompression } from '../../../../src/shared/compression.ts';
import { tf, type Tensor } from '../../../../src/main/engine/backend/tensorflow.ts';
import { Parameters } from '../../../../src/main/engine/model/parameters.ts';
import {
  AccumulatedGradient,
  GradientStep,
  type MicroBatch,
  type StepOptions,
} from '../../../../src/main/engine/train/train-step.ts';
import { EXECUTION_MODES } from '../../../../src/shared/execution-mode.ts';
import {
  expectNoLeakedTensors,
  expectSameBits,
  expectSameTensors,
  onDevice,
  relativeDistance,
  valuesOf,
} from '../../../helpers/tensors.ts';
import { rowOf, tinyConfig, tinyWeights, TINY } from '../../../helpers/tiny-model.ts';
import { microBatch } from '../../../helpers/tiny-training.ts';

interface Result {
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

let parameters: Parameters;
let step: GradientStep;
beforeEach(() => {
  parameters = new Parameters(tinyWeights(), (name) => !name.startsWith('vision_tower.'));
  step = new GradientStep(parameters, TINY);
});
afterEach(() => {
  step.dispose();
  parameters.dispose();
});

function read(loss: number, gradients: ReadonlyMap<string, Tensor>): Result {
  const values = new Map([...gradients].map(([name, tensor]) => [name, tensor.dataSync().slice() as Float32Array]));
  tf.dispose([...gradients.values()]);
  return { loss, gradients: values };
}

function recorded(micro: MicroBatch, compression = 'none', normaliser = 4): Result {
  const { loss, gradients } = step.run(micro, parseCompression(compression), normaliser);
  return read(loss, gradients);
}

/** A step of its own. */
function computed(options: StepOptions, micro: MicroBatch, compression = 'none', normaliser = 4): Result {
  const own = new GradientStep(parameters, TINY, options);
  const { loss, gradients } = own.run(micro, parseCompression(compression), normaliser);
  own.dispose();
  return read(loss, gradients);
}

/** The same op by op. */
const eager = (micro: MicroBatch, compression = 'none', normaliser = 4): Result =>
  computed({ execution: 'eager' }, micro, compression, normaliser);

/** Largest difference, relative to the tensor's largest value. */
function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [difference, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs((actual[i] as number) - (expected[i] as number)));
    largest = Math.max(largest, Math.abs(expected[i] as number));
  }
  return largest > 0 ? difference / largest : difference;
}

function expectEqual(actual: Result, expected: Result, tolerance = 1e-6): void {
  expect(Math.abs(actual.loss / expected.loss - 1)).toBeLessThan(tolerance);
  expect([...actual.gradients.keys()]).toEqual([...expected.gradients.keys()]);
  for (const [name, gradient] of expected.gradients) {
    expect(largestDifference(actual.gradients.get(name) ?? [], gradient), name).toBeLessThan(tolerance);
  }
}

const IMAGE = microBatch(['1 5 #4 7 >8 >9 3 >4', '1 #4 >3 >30 4 >9']);

const SETTINGS = [
  ...['none', '-1/2', '1/2', '0/2+2/2', '1/4:average-pool-2d', '-1/2:random', '1/2:k-means', '2/2:attention'],
  ...['1/2:attention-all+2/2', '0/2:random+1/2:attention', '-1/2:prumerge', '-1/2:visionzip'],
];

describe('a recorded step', () => {
  it.each(SETTINGS)('computes what the ops compute one by one: %s', (compression) => {
    expectEqual(recorded(IMAGE, compression), eager(IMAGE, compression));
  });

  it('called again gives the same bits', () => {
    const [first, second] = [recorded(IMAGE, '1/2'), recorded(IMAGE, '1/2')];
    expect(second.loss).toBe(first.loss);
    for (const [name, gradient] of first.gradients) expectSameBits(second.gradients.get(name), gradient, name);
  });

  it('recorded anew gives the same bits', () => {
    const first = recorded(IMAGE, '1/2');
    step.dispose();
    step = new GradientStep(parameters, TINY);
    const second = recorded(IMAGE, '1/2');
    expect(second.loss).toBe(first.loss);
    for (const [name, gradient] of first.gradients) expectSameBits(second.gradients.get(name), gradient, name);
  });

  it('has nothing of its first batch in it: tokens, labels, places of images, pixels, normaliser', () => {
    recorded(IMAGE, '1/2');
    const others = [
      microBatch(['1 15 #4 17 >18 >19 13 >14', '1 #4 >13 >31 14 >19']),
      microBatch(['1 >5 #4 7 8 >9 3 4', '1 #4 >3 30 4 9']),
      microBatch(['#4 1 5 7 >8 >9 3 >4', '1 2 3 #4 >30 >4']),
      microBatch(['1 5 #4 7 >8 >9 3 >4', '1 #4 >3 >30 4 >9'], 2),
      microBatch(['1 #4 2', '1 3 >5 #4']),
    ];
    for (const other of others) expectEqual(recorded(other, '1/2', 7), eager(other, '1/2', 7));
  });

  it('sees the weights as they are now', () => {
    const before = recorded(IMAGE);
    const name = 'language_model.lm_head.weight';
    tf.tidy(() => parameters.variable(name).add(tf.fill([50, 16], 0.1)));
    const { data } = tinyWeights().get(name) ?? { data: new Float32Array() };
    parameters.variable(name).assign(data.map((value, i) => value * (i % 2)));
    const after = recorded(IMAGE);
    expect(after.loss).not.toBeCloseTo(before.loss, 3);
    expectEqual(after, eager(IMAGE));
  });

  it.each([
    ['another compression', IMAGE, '2/2'],
    ['another compressor', IMAGE, '1/2:k-means'],
    ['another place of two points', IMAGE, '0/2+1/2'],
    ['fewer rows', microBatch(['1 5 #4 7 >8']), '1/2'],
    ['text only', microBatch(['1 5 >7', '1 >8']), '1/2'],
    ['more images', microBatch(['1 #4 #4 >7', '1 #4 >8']), '1/2'],
    ['longer rows', microBatch([`1 #4 ${'7 '.repeat(20)}>8`, '1 #4 >9']), '1/2'],
    ['more targets', microBatch([`1 #4 ${'>7 '.repeat(30)}>8`, '1 #4 >9']), '1/2'],
  ])('is not taken for another kind of batch: %s', (_, other, compression) => {
    recorded(IMAGE, '1/2');
    expectEqual(recorded(other, compression), eager(other, compression));
  });

  it('features in the place of pixels are another kind', () => {
    const pixels = microBatch(['1 #4 >8']);
    recorded(pixels);
    const features = { rows: pixels.rows, vision: { features: new Float32Array(4 * 8).fill(0.5), width: 8 } };
    expectEqual(recorded(features), eager(features));
  });

  it.each(SETTINGS)('leaves no tensor behind but the gradients: %s', async (compression) => {
    await expectNoLeakedTensors(() => recorded(IMAGE, compression));
  });
});

describe.each(EXECUTION_MODES)('gradient checkpointing in %s mode', (execution) => {
  it.each(SETTINGS)('changes no gradient: %s', (compression) => {
    expectEqual(
      computed({ execution, gradientCheckpointing: true }, IMAGE, compression),
      computed({ execution }, IMAGE, compression),
    );
  });

  it('goes back through layers that are not trained themselves', () => {
    const projector = new Parameters(tinyWeights(), (name) => name.startsWith('multi_modal_projector.'));
    const gradientsOf = (gradientCheckpointing: boolean): Result => {
      const own = new GradientStep(projector, TINY, { execution, gradientCheckpointing });
      const { loss, gradients } = own.run(IMAGE, parseCompression('1/2'), 4);
      own.dispose();
      return read(loss, gradients);
    };
    expectEqual(gradientsOf(true), gradientsOf(false));
    projector.dispose();
  });

  it('leaves no tensor behind', async () => {
    await expectNoLeakedTensors(() => computed({ execution, gradientCheckpointing: true }, IMAGE, '1/2'));
  });
});

describe.each(EXECUTION_MODES)('bfloat16 products in %s mode', (execution) => {
  // The tiny model's weights are large, so that faults show; rounding shows as well. These are of usual size.
  const usual = tinyConfig({ text: { initializerRange: 0.1 } });

  it('round: loss and gradients are near those of float32, and not the same', () => {
    const own = new Parameters(tinyWeights(usual), (name) => !name.startsWith('vision_tower.'));
    const [rounded, exact] = (['bfloat16', 'float32'] as const).map((precision) => {
      const one = new GradientStep(own, usual, { execution, precision });
      const { loss, gradients } = one.run(IMAGE, parseCompression('1/2'), 4);
      one.dispose();
      return read(loss, gradients);
    }) as [Result, Result];
    own.dispose();
    expect(rounded.loss).not.toBe(exact.loss);
    expect(Math.abs(rounded.loss / exact.loss - 1)).toBeLessThan(0.02);
    for (const [name, gradient] of exact.gradients) {
      expect(relativeDistance(rounded.gradients.get(name) ?? [], gradient), name).toBeLessThan(0.1);
    }
  });

  it('leave no tensor behind', async () => {
    await expectNoLeakedTensors(() => computed({ execution, precision: 'bfloat16' }, IMAGE, '1/2'));
  });
});

describe('images that do not fit the rows', () => {
  const imageSize = TINY.vision.imageSize;
  const image = 3 * imageSize ** 2;

  it.each([
    ['none at all', undefined],
    ['one too few', { pixels: new Float32Array(0), imageSize }],
    ['one too many', { pixels: new Float32Array(2 * image), imageSize }],
    ['features of too few tokens', { features: new Float32Array(3 * 8), width: 8 }],
  ])('are an error, not a silent change of what is trained: %s', (_, vision) => {
    const rows = [rowOf('1 #4 >8')];
    expect(() => recorded({ rows, ...(vision && { vision }) })).toThrow(
      /the rows hold 4 visual tokens and the images give/,
    );
  });
});

describe('the accumulated gradient', () => {
  const gradientOf = (...values: number[]): Tensor =>
    onDevice({ shape: [values.length], data: Float32Array.from(values) });

  it('adds up by name and takes what it is given over', () => {
    const before = tf.memory().numTensors;
    const sum = new AccumulatedGradient();
    sum.add(new Map([['a', gradientOf(1, 2)]]));
    sum.add(
      new Map([
        ['b', gradientOf(5)],
        ['a', gradientOf(10, 20)],
      ]),
    );
    expect([...sum.tensors].map(([name, tensor]) => [name, valuesOf(tensor)])).toEqual([
      ['a', [11, 22]],
      ['b', [5]],
    ]);
    expect(tf.memory().numTensors).toBe(before + 2);
    sum.clear();
    expect(tf.memory().numTensors).toBe(before);
    expect(sum.tensors.size).toBe(0);
  });

  it('goes to the host and back', () => {
    const sum = new AccumulatedGradient();
    sum.add(new Map([['a', gradientOf(1, -0, 1e-30)]]));
    const host = sum.toHost();
    const copy = new AccumulatedGradient();
    copy.load(host);
    copy.load(host);
    expectSameTensors(copy.toHost(), host);
    copy.clear();
    sum.clear();
  });
});
