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
import { GradientStep } from '../../../../src/main/engine/train/train-step.ts';
import { parseCompression } from '../../../../src/shared/compression.ts';
import type { ExecutionMode } from '../../../../src/shared/execution-mode.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';
import { tf } from '../../../../src/main/engine/backend/tensorflow.ts';
import { expectNoLeakedTensors, expectSameBits, expectSameTensors } from '../../../helpers/tensors.ts';
import { TINY, tinyWeights } from '../../../helpers/tiny-model.ts';
import { microBatch, sourceOf, stagesOf, tinyRecipe, tinyTrainer } from '../../../helpers/tiny-training.ts';

const SETTING = parseCompression('1/2:parametric');
const NAME = 'compressors.parametric.layer_1.stride_2.weight';
const WEIGHTS = toHostTensors(withCompressorWeights(tinyWeights(), TINY, [SETTING]));
const D = TINY.text.hiddenSize;
const BATCH = microBatch(['1 5 #4 7 >8 >9 3 >4', '1 >3 >30 4 >9']);

/** Loss of the batch and its gradients. */
function step(weights: ReadonlyMap<string, HostTensor>, setting = SETTING, execution: ExecutionMode = 'eager') {
  const parameters = new Parameters(weights, () => true);
  const gradientStep = new GradientStep(parameters, TINY, { execution });
  try {
    const { loss, gradients } = gradientStep.run(BATCH, setting);
    const values = new Map([...gradients].map(([name, t]) => [name, (t.dataSync() as Float32Array).slice()]));
    tf.dispose([...gradients.values()]);
    return { loss, gradients: values };
  } finally {
    gradientStep.dispose();
    parameters.dispose();
  }
}

const changed = (change: (value: number, i: number) => number): Map<string, HostTensor> => {
  const { shape, data } = WEIGHTS.get(NAME)!;
  return new Map([...WEIGHTS, [NAME, { shape, data: data.map(change) }]]);
};
const SPREAD = changed((value, i) => value + 0.05 * Math.sin(i));

describe('in training', () => {
  it('start as average pooling', () => {
    expect(WEIGHTS.get(NAME)?.shape).toEqual([D, 2 * D]);
    expect(step(WEIGHTS).loss).toBeCloseTo(step(tinyWeights(), parseCompression('1/2')).loss, 5);
    expect(Math.abs(step(SPREAD).loss - step(WEIGHTS).loss)).toBeGreaterThan(1e-4);
  });

  it('have the gradient that finite differences give, and others get theirs through them', () => {
    const { gradients } = step(SPREAD);
    const own = gradients.get(NAME)!;
    const norm = Math.hypot(...own);
    expect(norm).toBeGreaterThan(1e-4);
    expect(Math.hypot(...gradients.get('multi_modal_projector.linear_1.weight')!)).toBeGreaterThan(0);
    const along = (by: number): number => {
      const { shape, data } = SPREAD.get(NAME)!;
      return step(new Map([...SPREAD, [NAME, { shape, data: data.map((value, i) => value + (by * own[i]!) / norm) }]]))
        .loss;
    };
    expect((along(0.02) - along(-0.02)) / 0.04 / norm).toBeCloseTo(1, 1.5);
  });

  it('are computed alike in graph and op by op', () => {
    const [graph, eager] = (['graph', 'eager'] as const).map((execution) => step(SPREAD, SETTING, execution));
    expect(graph!.loss).toBeCloseTo(eager!.loss, 6);
    graph!.gradients.get(NAME)!.forEach((value, i) => expect(value).toBeCloseTo(eager!.gradients.get(NAME)![i]!, 5));
  });

  it('leave no tensors', () => expectNoLeakedTensors(() => step(SPREAD)));

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
  ])('are refused under a wrong name or shape: %s %j', async (name, shape) => {
    const folder = join(temporaryFolder(), 'model');
    await saveModelFolder(folder, { config: TINY, weights: tinyWeights() });
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    await writeSafetensors(join(folder, 'compressors.safetensors'), new Map([[name, { shape, data }]]));
    await expect(loadModelFolder(folder)).rejects.toThrow('must be a compressor');
  });
});
