import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/shared/random.ts';
import { visionMetricsSchema, type VisionMetrics } from '../../../../src/shared/metrics.ts';
import type { VisionRecipe } from '../../../../src/shared/recipe.ts';
import { tf, type Tensor } from '../../../../src/main/engine/backend/tensorflow.ts';
import type { HostTensor } from '../../../../src/main/engine/model/host-tensor.ts';
import { Parameters } from '../../../../src/main/engine/model/parameters.ts';
import type { Snapshot } from '../../../../src/main/engine/train/training-loop.ts';
import { NonFiniteError } from '../../../../src/main/engine/train/updater.ts';
import { HEADS_BIAS, HEADS_WEIGHT, VisionStep } from '../../../../src/main/engine/train/vision-step.ts';
import { VisionTrainer, type VisionSample } from '../../../../src/main/engine/train/vision-trainer.ts';
import { expectNoLeakedTensors, expectSameTensors, relativeDistance, valuesOf } from '../../../helpers/tensors.ts';
import { tinyConfig, tinyPixels, tinyWeights } from '../../../helpers/tiny-model.ts';

// Features of the last layer, so that the whole tower but its last norm is trained.
const CONFIG = tinyConfig({ featureLayer: -1 });
const SIDE = CONFIG.vision.imageSize;
const PLANE = SIDE * SIDE;

/** An image file's name says its colour; the pixels are that colour with noise. */
const COLOURS: Record<string, readonly [number, number, number]> = { red: [1, -1, -1], blue: [-1, -1, 1] };

function paint(image: string): Float32Array {
  const colour = COLOURS[image.split('-')[0] as string] as readonly number[];
  const random = Random.from(1, image);
  return Float32Array.from(
    { length: 3 * PLANE },
    (_, i) => (colour[Math.floor(i / PLANE)] as number) + 0.3 * random.normal(),
  );
}

const loadPixels = (images: readonly string[]): Promise<Float32Array> =>
  Promise.resolve(Float32Array.from(images.flatMap((image) => [...paint(image)])));

const SAMPLES: VisionSample[] = Array.from({ length: 10 }, (_, i) => {
  const colour = i % 2 === 0 ? 'red' : 'blue';
  return {
    id: `sample-${i}`,
    image: `${colour}-${i}`,
    questions: [
      { question: 'Which colour?', answer: colour },
      { question: 'Is it red?', answer: colour === 'red' ? 'yes' : 'no' },
      { question: 'What shape?', answer: 'square' },
    ],
  };
});

const RECIPE: VisionRecipe = {
  name: 'tower',
  description: '',
  seed: 3,
  phase: 'vision',
  model: { from: 'tiny' },
  data: { train: 'train.jsonl' },
  vision: { augment: 'flips-and-shifts', maximumShift: 2, minimumQuestionCount: 2, minimumAnswers: 2 },
  optimizer: {
    lr: 1e-2,
    warmupRatio: 0,
    schedule: 'cosine',
    weightDecay: 0.01,
    betas: [0.9, 0.99],
    epsilon: 1e-8,
    maxGradNorm: 1,
    batchSize: 4,
    accumulate: 1,
    steps: 4,
  },
  checkpoint: { every: 100, keep: 3 },
};

type Changes = Partial<ConstructorParameters<typeof VisionTrainer>[0]>;

const trainerOf = (totalSteps: number, changes: Changes = {}): VisionTrainer =>
  new VisionTrainer({
    recipe: RECIPE,
    config: CONFIG,
    weights: tinyWeights(CONFIG),
    samples: SAMPLES,
    loadPixels,
    totalSteps,
    ...changes,
  });

/** Runs to the end: the metrics and a snapshot after each step. */
async function train(trainer: VisionTrainer): Promise<{ metrics: VisionMetrics[]; snapshots: Snapshot[] }> {
  const metrics: VisionMetrics[] = [];
  const snapshots: Snapshot[] = [];
  for await (const event of trainer.run()) {
    if (event.type !== 'step') continue;
    metrics.push(event.metrics as VisionMetrics);
    snapshots.push(trainer.snapshot());
  }
  trainer.dispose();
  return { metrics, snapshots };
}

describe('training a tower', () => {
  it('learns to tell two colours apart', async () => {
    const { metrics } = await train(trainerOf(25));
    expect(metrics[0]?.loss).toBeCloseTo(Math.log(2), 5);
    const last = metrics.slice(-5);
    expect(last.map(({ accuracy }) => accuracy)).toEqual([1, 1, 1, 1, 1]);
    for (const { loss } of last) expect(loss).toBeLessThan(0.1);
  });

  it('changes the tower up to its features and nothing else of the model', async () => {
    const before = tinyWeights(CONFIG);
    const { snapshots } = await train(trainerOf(3));
    const { weights, optimizer } = snapshots.at(-1) as Snapshot;
    expect([...weights.keys()]).toEqual([...before.keys()]);
    const changed = [...before]
      .filter(([name, { data }]) => relativeDistance(weights.get(name)?.data ?? [], data) > 0)
      .map(([name]) => name);
    const tower = [...before.keys()].filter((name) => /^vision_tower\.(embeddings|pre_layrnorm|encoder)/.test(name));
    // The key bias has a gradient of 0 but for rounding.
    const sure = (names: string[]): string[] => names.filter((name) => !name.endsWith('k_proj.bias'));
    expect(sure(changed)).toEqual(sure(tower));
    expect([...optimizer.keys()].filter((name) => name.startsWith('question_heads.'))).toEqual([
      HEADS_WEIGHT,
      HEADS_BIAS,
    ]);
  });

  it('reports lines of metrics.jsonl', async () => {
    const { metrics } = await train(trainerOf(3));
    for (const line of metrics) expect(visionMetricsSchema.parse(line)).toEqual(line);
    expect(metrics.map(({ step, samples, epoch }) => [step, samples, epoch])).toEqual([
      [1, 4, 0.4],
      [2, 8, 0.8],
      [3, 12, 1.2],
    ]);
  });

  it('sees every image at most once a pass, in another order each time, the incomplete batch left out', async () => {
    const seen: string[][] = [];
    const recording = (images: readonly string[]): Promise<Float32Array> => {
      seen.push([...images]);
      return loadPixels(images);
    };
    await train(trainerOf(6, { loadPixels: recording }));
    expect(seen.map(({ length }) => length)).toEqual([4, 4, 4, 4, 4, 4]);
    const passes = [0, 2, 4].map((first) => [...(seen[first] ?? []), ...(seen[first + 1] ?? [])]);
    for (const pass of passes) expect(new Set(pass).size).toBe(8);
    expect(new Set(passes.map(String)).size).toBe(3);
  });

  it('a batch larger than the data is all of it', async () => {
    const recipe = { ...RECIPE, optimizer: { ...RECIPE.optimizer, batchSize: 64 } };
    const { metrics } = await train(trainerOf(2, { recipe }));
    expect(metrics.map(({ samples }) => samples)).toEqual([10, 20]);
  });

  it('without augmentation the pixels are used as they are', async () => {
    const asIs = { ...RECIPE, vision: { ...RECIPE.vision, augment: 'none' as const } };
    const still = { ...RECIPE, vision: { ...RECIPE.vision, maximumShift: 0 } };
    const [none, flips] = [await train(trainerOf(2, { recipe: asIs })), await train(trainerOf(2, { recipe: still }))];
    expect(none.metrics[1]?.gradNorm).not.toBe(flips.metrics[1]?.gradNorm);
  });

  it('stops at a pixel that is no number, with the batch’s ids and nothing changed', async () => {
    const weights = tinyWeights(CONFIG);
    const broken = async (images: readonly string[]): Promise<Float32Array> =>
      (await loadPixels(images)).fill(NaN, 5, 6);
    const trainer = trainerOf(2, { loadPixels: broken, weights });
    const error: unknown = await trainer
      .run()
      .next()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NonFiniteError);
    expect((error as NonFiniteError).sampleIds).toHaveLength(4);
    expect((error as NonFiniteError).sampleIds.every((id) => id.startsWith('sample-'))).toBe(true);
    expectSameTensors(trainer.snapshot().weights, weights);
    trainer.dispose();
  });
});

describe('resuming', () => {
  it('after any step gives the same end, to the last bit', async () => {
    const { metrics, snapshots } = await train(trainerOf(5));
    const end = snapshots.at(-1) as Snapshot;
    for (const [i, { weights, optimizer, state }] of snapshots.slice(0, -1).entries()) {
      const resumed = await train(trainerOf(5, { weights, from: { optimizer, state } }));
      const numbers = ({ loss, lr, gradNorm, accuracy, samples }: VisionMetrics): number[] => [
        ...[loss, lr, gradNorm, accuracy, samples],
      ];
      expect(resumed.metrics.map(numbers)).toEqual(metrics.slice(i + 1).map(numbers));
      const last = resumed.snapshots.at(-1) as Snapshot;
      expectSameTensors(last.weights, end.weights);
      expectSameTensors(last.optimizer, end.optimizer);
      expect(last.state.position).toEqual(end.state.position);
    }
  });
});

describe('one step', () => {
  const classes = 5;
  // Question A has classes 0–1, question B classes 2–4. The last image is asked nothing.
  const a = (target: number) => ({ firstClass: 0, classCount: 2, target });
  const b = (target: number) => ({ firstClass: 2, classCount: 3, target });
  const batch = { pixels: tinyPixels(3, CONFIG), targets: [[a(1), b(2)], [b(4)], []], classes };

  function stepWith<T>(heads: { weight?: Float32Array; bias?: Float32Array }, use: (step: VisionStep) => T): T {
    const width = CONFIG.vision.hiddenSize;
    const own: [string, HostTensor][] = [
      [HEADS_WEIGHT, { shape: [classes, width], data: heads.weight ?? new Float32Array(classes * width) }],
      [HEADS_BIAS, { shape: [classes], data: heads.bias ?? new Float32Array(classes) }],
    ];
    const tower = [...tinyWeights(CONFIG)].filter(([name]) => name.startsWith('vision_tower.'));
    const parameters = new Parameters(new Map([...tower, ...own]), () => true);
    const step = new VisionStep(parameters, CONFIG);
    try {
      return use(step);
    } finally {
      step.dispose();
      parameters.dispose();
    }
  }

  const run = (step: VisionStep, of = batch): { loss: number; accuracy: number; bias: number[] } => {
    const { loss, accuracy, gradients } = step.run(of);
    const bias = valuesOf(gradients.get(HEADS_BIAS) as Tensor);
    tf.dispose([...gradients.values()]);
    return { loss, accuracy, bias };
  };

  it('with heads of zeros every answer of a question is as likely', () => {
    const { loss, bias } = stepWith({}, run);
    expect(loss).toBeCloseTo((Math.log(2) + 2 * Math.log(3)) / 3, 6);
    // (probability − right) / questions, summed over the questions that choose from the class.
    const expected = [1 / 2, 1 / 2 - 1, 2 / 3 - 1, 2 / 3, 2 / 3 - 1].map((value) => value / 3);
    bias.forEach((value, i) => expect(value).toBeCloseTo(expected[i] as number, 6));
  });

  it('answers of other questions take no part, however large their logits', () => {
    const bias = Float32Array.of(0, 20, 0, 0, 30);
    const { loss, accuracy } = stepWith({ bias }, run);
    // A: class 1 is right and chosen; B: class 4 is chosen, right for one of two.
    expect(accuracy).toBeCloseTo(2 / 3, 6);
    expect(loss).toBeCloseTo(30 / 3, 4);
  });

  it('a batch that is asked nothing gives a loss of 0 and finite gradients', () => {
    const none = stepWith({}, (step) => run(step, { ...batch, targets: [[], [], []] }));
    expect(none.loss).toBe(0);
    expect(none.accuracy).toBe(0);
    expect(none.bias.map(Math.abs)).toEqual([0, 0, 0, 0, 0]);
  });

  it('has nothing of its first batch in it', () => {
    const other = { ...batch, pixels: tinyPixels(3, CONFIG, 9), targets: [[b(3)], [a(0)], [a(1), b(4)]] };
    const weight = Float32Array.from({ length: 40 }, (_, i) => Math.sin(i));
    const fresh = stepWith({ weight }, (step) => run(step, other));
    const after = stepWith({ weight }, (step) => {
      run(step);
      return run(step, other);
    });
    expect(after).toEqual(fresh);
    expect(fresh.loss).not.toBeCloseTo(stepWith({ weight }, run).loss, 3);
  });

  it('leaves no tensor behind, whole runs too', async () => {
    await expectNoLeakedTensors(() => stepWith({}, run));
    await expectNoLeakedTensors(() => train(trainerOf(2)));
  });
});
