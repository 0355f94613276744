/** What compressors learn: from a model's first step to its folder and back. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withCompressorWeights } from '../../../../src/main/engine/model/compressor-weights.ts';
import type { HostTensor } from '../../../../src/main/engine/model/host-tensor.ts';
import { loadModelFolder, saveModelFolder } from '../../../../src/main/engine/model/model-folder.ts';
import { readAllTensors } from '../../../../src/main/engine/model/safetensors.ts';
import { writeSafetensors } from '../../../../src/main/engine/model/safetensors-write.ts';
import { toHostTensors } from '../../../../src/main/engine/model/weight-tensor.ts';
import { Parameters } from '../../../../src/main/engine/model/parameters.ts';
import { GradientStep, type MicroBatch } from '../../../../src/main/engine/train/train-step.ts';
import { parseCompression } from '../../../../src/shared/compression.ts';
import type { ExecutionMode } from '../../../../src/shared/execution-mode.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';
import { tf } from '../../../../src/main/engine/backend/tensorflow.ts';
import { expectNoLeakedTensors, expectSameBits, expectSameTensors } from '../../../helpers/tensors.ts';
import { rowOf, TINY, tinyWeights } from '../../../helpers/tiny-model.ts';
import { microBatch, sourceOf, stagesOf, tinyRecipe, tinyTrainer } from '../../../helpers/tiny-training.ts';

const SETTING = parseCompression('1/2:parametric');
const NAME = 'compressors.parametric.layer_1.stride_2.weight';
const SHUFFLE = parseCompression('-1/4:pixel-shuffle');
const SHUFFLE_NAME = 'compressors.pixel-shuffle.layer_-1.stride_4.weight';
const WEIGHTS = toHostTensors(withCompressorWeights(tinyWeights(), TINY, [SETTING, SHUFFLE]));
const D = TINY.text.hiddenSize;
const E = TINY.vision.hiddenSize;
const BATCH = microBatch(['1 5 #4 7 >8 >9 3 >4', '1 >3 >30 4 >9']);

/** Loss of the batch and its gradients. */
function step(
  weights: ReadonlyMap<string, HostTensor>,
  setting = SETTING,
  execution: ExecutionMode = 'eager',
  batch: MicroBatch = BATCH,
) {
  const parameters = new Parameters(weights, () => true);
  const gradientStep = new GradientStep(parameters, TINY, { execution });
  try {
    const { loss, gradients } = gradientStep.run(batch, setting);
    const values = new Map([...gradients].map(([name, t]) => [name, (t.dataSync() as Float32Array).slice()]));
    tf.dispose([...gradients.values()]);
    return { loss, gradients: values };
  } finally {
    gradientStep.dispose();
    parameters.dispose();
  }
}

/** With what compressors have learnt off its start. */
const SPREAD = new Map(
  [...WEIGHTS].map(([name, { shape, data }]) => {
    const isLearnt = name === NAME || name === SHUFFLE_NAME;
    return [name, { shape, data: isLearnt ? data.map((value, i) => value + 0.05 * Math.sin(i)) : data }];
  }),
);

describe('in training', () => {
  it('start as average pooling', () => {
    expect(WEIGHTS.get(NAME)?.shape).toEqual([D, 2 * D]);
    expect(step(WEIGHTS).loss).toBeCloseTo(step(tinyWeights(), parseCompression('1/2')).loss, 5);
    expect(Math.abs(step(SPREAD).loss - step(WEIGHTS).loss)).toBeGreaterThan(1e-4);
  });

  it('start as average pooling of features where they come before the projector', () => {
    expect(WEIGHTS.get(SHUFFLE_NAME)?.shape).toEqual([E, 4 * E]);
    const features = Float32Array.from({ length: 4 * E }, (_, i) => Math.sin(3 * i));
    const mean = Float32Array.from(
      { length: E },
      (_, e) => [0, 1, 2, 3].reduce((s, n) => s + features[n * E + e]!, 0) / 4,
    );
    const lossOf = (row: string, values: Float32Array, setting: string): number => {
      const batch = { rows: [rowOf(row)], vision: { features: values, width: E } };
      return step(WEIGHTS, parseCompression(setting), 'eager', batch).loss;
    };
    const folded = lossOf('1 5 #4 7 >8', features, '-1/4:pixel-shuffle');
    expect(folded).toBeCloseTo(lossOf('1 5 #1 7 >8', mean, 'none'), 5);
    // The projector is no linear map: the mean behind it is another one.
    expect(Math.abs(folded - lossOf('1 5 #4 7 >8', features, '-1/4'))).toBeGreaterThan(1e-4);
    expect(Math.abs(step(SPREAD, SHUFFLE).loss - step(WEIGHTS, SHUFFLE).loss)).toBeGreaterThan(1e-4);
  });

  it.each([
    [NAME, SETTING],
    [SHUFFLE_NAME, SHUFFLE],
  ])('have the gradient that finite differences give, and others get theirs through them: %s', (name, setting) => {
    const { gradients } = step(SPREAD, setting);
    const own = gradients.get(name)!;
    const norm = Math.hypot(...own);
    expect(norm).toBeGreaterThan(1e-4);
    expect(Math.hypot(...gradients.get('multi_modal_projector.linear_1.weight')!)).toBeGreaterThan(0);
    expect(Math.hypot(...gradients.get('vision_tower.embeddings.patch_embedding.weight')!)).toBeGreaterThan(0);
    const along = (by: number): number => {
      const { shape, data } = SPREAD.get(name)!;
      const moved = { shape, data: data.map((value, i) => value + (by * own[i]!) / norm) };
      return step(new Map([...SPREAD, [name, moved]]), setting).loss;
    };
    expect((along(0.005) - along(-0.005)) / 0.01 / norm).toBeCloseTo(1, 1.5);
  });

  it.each([
    [NAME, SETTING],
    [SHUFFLE_NAME, SHUFFLE],
  ])('are computed alike in graph and op by op: %s', (name, setting) => {
    const [graph, eager] = (['graph', 'eager'] as const).map((execution) => step(SPREAD, setting, execution));
    expect(graph!.loss).toBeCloseTo(eager!.loss, 6);
    graph!.gradients.get(name)!.forEach((value, i) => expect(value).toBeCloseTo(eager!.gradients.get(name)![i]!, 5));
  });

  it('leave no tensors', async () => {
    await expectNoLeakedTensors(() => step(SPREAD));
    await expectNoLeakedTensors(() => step(SPREAD, SHUFFLE));
  });

  it('are trained, also where nothing but the projector is, and rest in stages that do not use them', async () => {
    const recipe = tinyRecipe({ train: { parts: 'projector' }, stages: stagesOf('1/2:parametric', 'none') });
    const trainer = tinyTrainer({ recipe, weights: WEIGHTS, source: sourceOf([[BATCH], [BATCH]]), totalSteps: 2 });
    const events = trainer.run();
    await events.next();
    const first = trainer.snapshot().weights.get(NAME)!;
    expect([...first.data]).not.toEqual([...WEIGHTS.get(NAME)!.data]);
    for await (const event of events) expect(event).toBeDefined();
    expectSameBits(trainer.snapshot().weights.get(NAME)!.data, first.data);
    trainer.dispose();
  });

  it('must be there: a setting that the model was not trained with is refused', () => {
    expect(() => step(tinyWeights())).toThrow(/needs a model that was trained with this.*1\/2:parametric/);
    expect(() => step(WEIGHTS, parseCompression('0/2:parametric'))).toThrow(NAME);
  });
});

describe('in a model folder', () => {
  it('lie in a file of their own, and come back', async () => {
    const folder = join(temporaryFolder(), 'model');
    await saveModelFolder(folder, { config: TINY, weights: SPREAD });
    expect([...(await readAllTensors(join(folder, 'model.safetensors'))).keys()]).not.toContain(NAME);
    const { weights } = await loadModelFolder(folder);
    expectSameTensors(toHostTensors(weights), SPREAD);
    await saveModelFolder(folder, { config: TINY, weights: tinyWeights() });
    expect(existsSync(join(folder, 'compressors.safetensors'))).toBe(false);
  });

  it.each([
    ['compressors.parametric.layer_1.stride_3.weight', [D, 2 * D]],
    ['compressors.other.layer_1.stride_2.weight', [D, 2 * D]],
    [NAME, [D + 1, 2 * D]],
    [SHUFFLE_NAME, [D, 4 * D]],
  ])('are refused under a wrong name or shape: %s %j', async (name, shape) => {
    const folder = join(temporaryFolder(), 'model');
    await saveModelFolder(folder, { config: TINY, weights: tinyWeights() });
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    await writeSafetensors(join(folder, 'compressors.safetensors'), new Map([[name, { shape, data }]]));
    await expect(loadModelFolder(folder)).rejects.toThrow('must be a compressor');
  });
});
