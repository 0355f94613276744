import { describe, expect, it } from 'vitest';
import { IGNORED_LABEL } from '../../../../src/main/engine/data/batch.ts';
import { affine } from '../../../../src/main/engine/model/affine.ts';
import type { HostTensor } from '../../../../src/main/engine/model/host-tensor.ts';
import { mergeLora } from '../../../../src/main/engine/model/lora-merge.ts';
import { isLoraFactor, isLoraTensor, loraOf, newLora, withLora } from '../../../../src/main/engine/model/lora.ts';
import { Parameters } from '../../../../src/main/engine/model/parameters.ts';
import { toHostTensors } from '../../../../src/main/engine/model/weight-tensor.ts';
import { scoped } from '../../../../src/main/engine/model/weights.ts';
import { GradientStep, type StepOptions } from '../../../../src/main/engine/train/train-step.ts';
import { isTrained } from '../../../../src/main/engine/train/trained-parts.ts';
import { tf } from '../../../../src/main/engine/backend/tensorflow.ts';
import { parseCompression } from '../../../../src/shared/compression.ts';
import { EXECUTION_MODES } from '../../../../src/shared/execution-mode.ts';
import { Random } from '../../../../src/shared/random.ts';
import { LORA_DEFAULTS, LORA_TARGETS, loraScaling, type LoraSettings } from '../../../../src/shared/recipe-lora.ts';
import { gradientCheck } from '../../../helpers/gradient-check.ts';
import { lossFloor } from '../../../helpers/loss-floor.ts';
import { expectNoLeakedTensors, randomTensor, relativeDistance, weightValues } from '../../../helpers/tensors.ts';
import { rowOf, TINY, tinyWeights } from '../../../helpers/tiny-model.ts';
import { eventsOf, metricsOf, microBatch, sourceOf, tinyRecipe, tinyTrainer } from '../../../helpers/tiny-training.ts';

const SETTINGS: LoraSettings = { ...LORA_DEFAULTS, rank: 4, alpha: 8 };
const ROWS = ['1 5 #4 7 >8 >9 3 >4', '1 >3 >30 4 >9', '1 #4 6 #4 >8 >2'];

const [HEAD, LAST_NORM] = ['language_model.lm_head.weight', 'language_model.model.norm.weight'];

const labelsOf = (rows: readonly string[]): number[] =>
  rows.flatMap((row) => [...rowOf(row).labels].filter((label) => label !== IGNORED_LABEL));

const freshWeights = (settings = SETTINGS, layers?: number): Map<string, HostTensor> =>
  toHostTensors(withLora(tinyWeights(), newLora(tinyWeights(), TINY, settings, 1, layers)));

/** Adapters that do something: B is not zero any more. */
function usedWeights(): Map<string, HostTensor> {
  const weights = freshWeights();
  for (const [name, { shape }] of weights) {
    if (isLoraFactor(name)) weights.set(name, randomTensor(Random.from(2, name), shape, 0.2));
  }
  return weights;
}

/** Loss and gradients of the trained weights on the host. */
function stepOn(
  weights: ReadonlyMap<string, HostTensor>,
  options: StepOptions = {},
  trained = isTrained({ parts: 'lora', visionTower: 'frozen' }, TINY),
): { loss: number; gradients: Map<string, Float32Array> } {
  const parameters = new Parameters(weights, trained);
  const step = new GradientStep(parameters, TINY, options);
  try {
    const { loss, gradients } = step.run(microBatch(ROWS), parseCompression('1/2'));
    const host = new Map([...gradients].map(([name, g]) => [name, g.dataSync().slice() as Float32Array]));
    tf.dispose([...gradients.values()]);
    return { loss, gradients: host };
  } finally {
    step.dispose();
    parameters.dispose();
  }
}

function expectSameGradients(a: Map<string, Float32Array>, b: Map<string, Float32Array>, tolerance: number): void {
  expect([...a.keys()]).toEqual([...b.keys()]);
  for (const [name, values] of b) expect(relativeDistance(a.get(name) ?? [], values), name).toBeLessThan(tolerance);
}

describe('the scaling', () => {
  it('is alpha / rank, or alpha / √rank', () => {
    expect(loraScaling({ rank: 16, alpha: 8, rslora: false })).toBe(0.5);
    expect(loraScaling({ rank: 16, alpha: 8, rslora: true })).toBe(2);
  });
});

describe('a linear map with an adapter', () => {
  const random = Random.from(1, 'lora');
  const inputs = [
    [5, 6],
    [4, 6],
    [2, 6],
    [4, 2],
  ].map((shape) => randomTensor(random, shape));

  it('has the gradients of x, A and B; the frozen weight gets none', () => {
    const scaling = { shape: [], data: Float32Array.of(1.5) };
    gradientCheck(
      (x, w, a, b, s) =>
        affine(
          x,
          scoped(
            new Map([
              ['m.q.weight', w],
              ['m.q.lora_A.weight', a],
              ['m.q.lora_B.weight', b],
              ['m.q.lora_scaling', s],
            ]),
            'm',
          ),
          'q',
        ),
      [...inputs, scaling],
      { trained: [true, false, true, true, false] },
    );
  });
});

describe('new adapters', () => {
  it('stand beside every linear map of the decoder, and beside nothing else', () => {
    const lora = newLora(tinyWeights(), TINY, SETTINGS, 1);
    expect(lora.size).toBe(LORA_TARGETS.length * TINY.text.layers);
    expect([...lora.keys()].every((map) => map.startsWith('language_model.model.layers.'))).toBe(true);
    const down = lora.get('language_model.model.layers.1.mlp.down_proj');
    expect(down).toMatchObject({ down: { shape: [4, 20] }, up: { shape: [16, 4] }, scaling: 2 });
  });

  it('can be asked for in the last layers and single maps only', () => {
    const lora = newLora(tinyWeights(), TINY, { ...SETTINGS, targets: ['q_proj', 'v_proj'] }, 1, 1);
    expect([...lora.keys()]).toEqual([
      'language_model.model.layers.2.self_attn.q_proj',
      'language_model.model.layers.2.self_attn.v_proj',
    ]);
  });

  it('start as peft starts them: A uniform in ±1/√in, B zero', () => {
    for (const { down, up } of newLora(tinyWeights(), TINY, SETTINGS, 1).values()) {
      const bound = (down.shape[1] as number) ** -0.5;
      expect(Math.max(...down.data.map(Math.abs))).toBeLessThanOrEqual(Math.fround(bound));
      expect(Math.max(...down.data.map(Math.abs))).toBeGreaterThan(0.8 * bound);
      expect(up.data.every((value) => value === 0)).toBe(true);
    }
  });

  it('follow the seed', () => {
    const values = (seed: number): number[] =>
      [...newLora(tinyWeights(), TINY, SETTINGS, seed).values()].flatMap(({ down }) => [...down.data]);
    expect(values(1)).toEqual(values(1));
    expect(values(1)).not.toEqual(values(2));
  });

  it('change nothing yet', () => {
    const plain = stepOn(tinyWeights(), {}, () => false);
    expect(stepOn(freshWeights()).loss).toBe(plain.loss);
  });

  it('are refused where they do not fit the model', () => {
    const lora = newLora(tinyWeights(), TINY, SETTINGS, 1);
    const [first] = lora.values();
    expect(() => withLora(tinyWeights(), new Map([['vision_tower.absent', first!]]), 'a.safetensors')).toThrow(
      'a.safetensors: vision_tower.absent: is no linear map of the base model',
    );
    const other = new Map([['language_model.model.layers.0.mlp.down_proj', first!]]);
    expect(() => withLora(tinyWeights(), other)).toThrow('which do not fit the weight [16, 20]');
  });
});

describe.each(EXECUTION_MODES)('training adapters in %s mode', (execution) => {
  it('asks gradients of adapters and projector alone', () => {
    const { gradients } = stepOn(usedWeights(), { execution });
    const expected = [...usedWeights().keys()].filter(
      (name) => isLoraFactor(name) || name.startsWith('multi_modal_projector.'),
    );
    expect([...gradients.keys()].sort()).toEqual(expected.sort());
  });

  it('has the same gradients with checkpointing', () => {
    const [plain, again] = [false, true].map((gradientCheckpointing) =>
      stepOn(usedWeights(), { execution, gradientCheckpointing }),
    ) as [ReturnType<typeof stepOn>, ReturnType<typeof stepOn>];
    expectSameGradients(again.gradients, plain.gradients, 1e-6);
  });

  it('works in bfloat16, close to float32', () => {
    const float32 = stepOn(usedWeights(), { execution });
    const bfloat16 = stepOn(usedWeights(), { execution, precision: 'bfloat16' });
    expect(bfloat16.loss).not.toBe(float32.loss);
    expect(Math.abs(bfloat16.loss / float32.loss - 1)).toBeLessThan(0.02);
  });

  it('overfits one batch as far as the frozen head lets it, and leaves the base as it was', async () => {
    const recipe = tinyRecipe({ train: { parts: 'lora', lora: SETTINGS }, optimizer: { lr: 2e-2 } });
    const weights = freshWeights();
    const trainer = tinyTrainer({
      recipe,
      weights,
      source: sourceOf([[microBatch(ROWS)]]),
      totalSteps: 100,
      execution,
    });
    try {
      const losses = metricsOf(await eventsOf(trainer)).map(({ loss }) => loss);
      expect(losses[0]).toBeGreaterThan(2);
      const floor = lossFloor(weights.get(HEAD)!, weights.get(LAST_NORM)!, labelsOf(ROWS));
      expect(losses.at(-1)).toBeGreaterThan(floor - 1e-5);
      expect(losses.at(-1)).toBeLessThan(floor + 0.002);
      for (const [name, { data }] of trainer.snapshot().weights) {
        const isChanged = relativeDistance(weights.get(name)?.data ?? [], data) !== 0;
        expect(isChanged, name).toBe(isLoraFactor(name) || name.startsWith('multi_modal_projector.'));
      }
    } finally {
      trainer.dispose();
    }
  });

  it('leaks nothing', () => expectNoLeakedTensors(() => stepOn(usedWeights(), { execution })));
});

describe('merged adapters', () => {
  it('give the same loss and gradients, in a plain model', () => {
    const weights = usedWeights();
    const merged = mergeLora(weights);
    expect([...merged.keys()]).toEqual([...tinyWeights().keys()]);
    const projector = isTrained({ parts: 'projector', visionTower: 'frozen' }, TINY);
    const [beside, plain] = [stepOn(weights, {}, projector), stepOn(toHostTensors(merged), {}, projector)];
    expect(Math.abs(beside.loss - plain.loss)).toBeLessThan(1e-5);
    expectSameGradients(plain.gradients, beside.gradients, 1e-4);
  });

  it('are W + scaling·B·A', () => {
    const base = new Map([['m.weight', { shape: [2, 1], data: Float32Array.of(1, 2) }]]);
    const factors = {
      down: { shape: [1, 1], data: Float32Array.of(3) },
      up: { shape: [2, 1], data: Float32Array.of(10, 20) },
      scaling: 0.5,
    };
    const merged = mergeLora(withLora(base, new Map([['m', factors]])));
    expect(weightValues(merged, 'm.weight')).toEqual(Float32Array.of(16, 32));
    expect([...base.get('m.weight')!.data]).toEqual([1, 2]);
  });

  it('come back from the weights they were put among', () => {
    const lora = newLora(tinyWeights(), TINY, SETTINGS, 1);
    const weights = withLora(tinyWeights(), lora);
    expect(loraOf(weights)).toEqual(lora);
    expect([...weights.keys()].filter((name) => !isLoraTensor(name))).toEqual([...tinyWeights().keys()]);
  });

  it('leak nothing', () => expectNoLeakedTensors(() => mergeLora(usedWeights())));
});
