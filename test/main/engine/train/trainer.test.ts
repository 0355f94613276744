import { describe, expect, it } from 'vitest';
import { tf } from '../../../../src/main/engine/backend/tensorflow.ts';
import type { HostTensor } from '../../../../src/main/engine/model/host-tensor.ts';
import type { LoopState } from '../../../../src/main/engine/train/loop-state.ts';
import type { MicroBatch } from '../../../../src/main/engine/train/train-step.ts';
import type { Trainer, TrainerSetup } from '../../../../src/main/engine/train/trainer.ts';
import type { Snapshot, TrainingEvent } from '../../../../src/main/engine/train/training-loop.ts';
import { NonFiniteError } from '../../../../src/main/engine/train/updater.ts';
import type { Precision } from '../../../../src/shared/precision.ts';
import { EXECUTION_MODES } from '../../../../src/shared/execution-mode.ts';
import { expectNoLeakedTensors, expectSameTensors, relativeDistance } from '../../../helpers/tensors.ts';
import { tinyConfig, tinyWeights } from '../../../helpers/tiny-model.ts';
import {
  eventsOf,
  metricsOf,
  microBatch,
  sourceOf,
  stagesOf,
  tinyRecipe,
  tinyTrainer as newTrainer,
} from '../../../helpers/tiny-training.ts';

const IMAGE_ROW = '1 5 #4 7 >8 >9 3 >4';
const TEXT_ROW = '1 >3 >30 4 >9';
const TWO_IMAGES = '1 #4 6 #4 >8 >2';
const OTHER_ROW = '1 #4 20 >21 >22 >23';

describe.each(EXECUTION_MODES)('in %s mode', (execution) => {
  const tinyTrainer: typeof newTrainer = (setup) => newTrainer({ execution, ...setup });

  /** Runs to the end and returns weights and events. */
  async function train(
    setup: Partial<TrainerSetup> & Pick<TrainerSetup, 'source' | 'totalSteps'>,
  ): Promise<{ events: TrainingEvent[]; snapshot: Snapshot }> {
    const trainer = tinyTrainer(setup);
    try {
      return { events: await eventsOf(trainer), snapshot: trainer.snapshot() };
    } finally {
      trainer.dispose();
    }
  }

  const changedNames = (after: ReadonlyMap<string, HostTensor>, before = tinyWeights()): string[] =>
    [...before]
      .filter(([name, { data }]) => relativeDistance(after.get(name)?.data ?? [], data) !== 0)
      .map(([name]) => name);

  describe('learning', () => {
    it.each(['none', '1/2'])('overfits one batch, compression %s', async (compression) => {
      const recipe = tinyRecipe({ stages: stagesOf(compression), optimizer: { lr: 1e-2 } });
      const source = sourceOf([[microBatch([IMAGE_ROW, TEXT_ROW, TWO_IMAGES])]]);
      const { events } = await train({ recipe, source, totalSteps: 40 });
      const losses = metricsOf(events).map(({ loss }) => loss);
      expect(losses[0]).toBeGreaterThan(2);
      expect(losses.at(-1)).toBeLessThan(0.05);
    });

    it('tells images apart: the same question, another answer', async () => {
      const recipe = tinyRecipe({ optimizer: { lr: 1e-2 } });
      // Two rows that differ in their image only.
      const source = sourceOf([[microBatch(['1 #4 7 >8', '1 #4 7 >9'])]]);
      const { events } = await train({ recipe, source, totalSteps: 40 });
      expect(metricsOf(events).at(-1)?.loss).toBeLessThan(0.05);
    });
  });

  describe('accumulation', () => {
    const rows = [IMAGE_ROW, TEXT_ROW, TWO_IMAGES, OTHER_ROW];
    // ε of 1 makes the update proportional to the gradient: Adam's own would blow rounding up where a gradient is nearly 0.
    const optimizer = { lr: 1e-2, epsilon: 1, maxGradNorm: 0.5 };

    /** The same images in one micro-batch as in four. */
    function inOne(parts: readonly MicroBatch[]): MicroBatch {
      const pixels = parts.flatMap(({ vision }) => (vision && 'pixels' in vision ? [...vision.pixels] : []));
      return { rows: parts.flatMap((part) => part.rows), vision: { pixels: Float32Array.from(pixels), imageSize: 16 } };
    }

    it('of 4 micro-batches equals one batch of 4 rows', async () => {
      const parts = rows.map((row, i) => microBatch([row], i));
      const recipe = tinyRecipe({ optimizer, stages: stagesOf('1/2', 'none') });
      const four = await train({ recipe, source: sourceOf([parts]), totalSteps: 4 });
      const one = await train({ recipe, source: sourceOf([[inOne(parts)]]), totalSteps: 4 });
      const [a, b] = [metricsOf(four.events), metricsOf(one.events)];
      a.forEach((metrics, step) => {
        expect(metrics.loss).toBeCloseTo(b[step]?.loss as number, 5);
        expect(metrics.gradNorm / (b[step]?.gradNorm as number)).toBeCloseTo(1, 5);
        expect(metrics.supervisedTokens).toBe(b[step]?.supervisedTokens);
        expect(metrics.visualTokens).toBe(b[step]?.visualTokens);
      });
      for (const [name, { data }] of one.snapshot.weights) {
        const other = four.snapshot.weights.get(name)?.data as Float32Array;
        const difference = Math.max(...data.map((value, i) => Math.abs(value - (other[i] as number))));
        expect(difference, name).toBeLessThan(1e-6);
      }
      expect(changedNames(one.snapshot.weights).length).toBeGreaterThan(20);
    });

    it('weighs tokens, not micro-batches: an unsupervised one changes nothing', async () => {
      const recipe = tinyRecipe({ optimizer });
      const alone = await train({ recipe, source: sourceOf([[microBatch([IMAGE_ROW])]]), totalSteps: 1 });
      const source = sourceOf([[microBatch([IMAGE_ROW]), microBatch(['1 2 3'])]]);
      const withOther = await train({ recipe, source, totalSteps: 1 });
      expect(metricsOf(withOther.events)[0]?.loss).toBeCloseTo(metricsOf(alone.events)[0]?.loss as number, 6);
    });

    it('reports every micro-batch but the last, then the step', async () => {
      const source = sourceOf([[IMAGE_ROW, TEXT_ROW, OTHER_ROW].map((row) => microBatch([row]))]);
      const { events } = await train({ source, totalSteps: 2 });
      const short = events.map((event) => (event.type === 'micro' ? [event.step, event.microBatch, event.of] : 'step'));
      expect(short).toEqual([[0, 1, 3], [0, 2, 3], 'step', [1, 1, 3], [1, 2, 3], 'step']);
    });
  });

  describe('stages', () => {
    it('switch on optimizer steps, not on micro-batches', async () => {
      const recipe = tinyRecipe({ stages: stagesOf('0/4', '1/2', 'none') });
      const source = sourceOf([[microBatch([IMAGE_ROW]), microBatch([OTHER_ROW]), microBatch([TEXT_ROW])]]);
      const { events } = await train({ recipe, source, totalSteps: 6 });
      const stages = metricsOf(events).map(({ stage, compression }) => [stage, compression]);
      expect(stages).toEqual([
        [0, '0/4'],
        [0, '0/4'],
        [1, '1/2'],
        [1, '1/2'],
        [2, 'none'],
        [2, 'none'],
      ]);
    });

    it('the loss is that of the stage’s compression', async () => {
      const lossUnder = async (...settings: string[]): Promise<number[]> => {
        const recipe = tinyRecipe({ stages: stagesOf(...settings), optimizer: { lr: 1e-12 } });
        const { events } = await train({ recipe, source: sourceOf([[microBatch([IMAGE_ROW])]]), totalSteps: 2 });
        return metricsOf(events).map(({ loss }) => loss);
      };
      const [full, short] = [await lossUnder('none'), await lossUnder('0/4')];
      const both = await lossUnder('0/4', 'none');
      expect(both[0]).toBeCloseTo(short[0] as number, 5);
      expect(both[1]).toBeCloseTo(full[1] as number, 5);
      expect(full[0]).not.toBeCloseTo(short[0] as number, 2);
    });
  });

  describe('what is trained', () => {
    const source = sourceOf([[microBatch([IMAGE_ROW, OTHER_ROW])]]);
    const partOf = (name: string): string => name.split('.')[0] as string;

    it('everything but the tower', async () => {
      const { snapshot } = await train({ source, totalSteps: 2 });
      const expected = [...tinyWeights().keys()].filter((name) => !name.startsWith('vision_tower.'));
      expect(changedNames(snapshot.weights)).toEqual(expected);
    });

    it('the projector alone', async () => {
      const recipe = tinyRecipe({ train: { parts: 'projector' } });
      const { snapshot, events } = await train({ recipe, source, totalSteps: 2 });
      const changed = changedNames(snapshot.weights);
      expect(new Set(changed.map(partOf))).toEqual(new Set(['multi_modal_projector']));
      expect(changed).toHaveLength(4);
      expect([...snapshot.optimizer.keys()].every((key) => partOf(key.slice(2)) === 'multi_modal_projector')).toBe(
        true,
      );
      const [first, second] = metricsOf(events);
      expect(second?.loss).toBeLessThan(first?.loss as number);
    });

    it('the tower too, up to the layer whose features are used', async () => {
      const recipe = tinyRecipe({ train: { visionTower: 'trained' } });
      const { snapshot } = await train({ recipe, source, totalSteps: 2 });
      const tower = [...tinyWeights().keys()].filter((name) => partOf(name) === 'vision_tower');
      const above = /encoder\.layers\.1\.|post_layernorm/;
      const changed = changedNames(snapshot.weights).filter((name) => partOf(name) === 'vision_tower');
      // The key bias has a gradient of 0 but for rounding, which Adam turns into steps: it may change or not.
      const sure = (names: string[]): string[] => names.filter((name) => !name.endsWith('k_proj.bias'));
      expect(sure(changed)).toEqual(sure(tower.filter((name) => !above.test(name))));
    });

    it('a step of text only leaves the projector as it is', async () => {
      const { snapshot } = await train({ source: sourceOf([[microBatch([TEXT_ROW])]]), totalSteps: 2 });
      expect(new Set(changedNames(snapshot.weights).map(partOf))).toEqual(new Set(['language_model']));
    });
  });

  describe('bfloat16 products', () => {
    it('train as float32 ones do, on weights that stay float32', async () => {
      const config = tinyConfig({ text: { initializerRange: 0.1 } });
      const weights = tinyWeights(config);
      const source = sourceOf([[microBatch([IMAGE_ROW, TEXT_ROW])], [microBatch([TWO_IMAGES, OTHER_ROW])]]);
      const trainWith = (precision: Precision): ReturnType<typeof train> =>
        train({ recipe: tinyRecipe({ train: { precision } }), config, weights, source, totalSteps: 8 });
      const [rounded, exact] = [await trainWith('bfloat16'), await trainWith('float32')];
      const losses = [rounded, exact].map(({ events }) => metricsOf(events).map(({ loss }) => loss));
      losses[0]!.forEach((loss, step) => expect(Math.abs(loss / losses[1]![step]! - 1)).toBeLessThan(0.02));
      expect(losses[0]).not.toEqual(losses[1]);
      const { data } = rounded.snapshot.weights.get('language_model.lm_head.weight')!;
      const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
      // A bfloat16 number has nothing in the lower half of its word.
      expect(words.filter((word) => (word & 0xffff) !== 0).length).toBeGreaterThan(data.length / 2);
    });
  });

  describe('a number that is not finite', () => {
    const broken = microBatch(['1 #4 20 >21']);
    if (broken.vision && 'pixels' in broken.vision) broken.vision.pixels[7] = NaN;
    const steps = [[microBatch([IMAGE_ROW])], [microBatch([TEXT_ROW]), broken]];

    async function untilError(): Promise<{ error: NonFiniteError; before: Snapshot; after: Snapshot }> {
      const trainer = tinyTrainer({ source: sourceOf(steps), totalSteps: 4 });
      let before: Snapshot | undefined;
      try {
        for await (const event of trainer.run()) if (event.type === 'step') before = trainer.snapshot();
      } catch (error) {
        return { error: error as NonFiniteError, before: before as Snapshot, after: trainer.snapshot() };
      } finally {
        trainer.dispose();
      }
      throw new Error('the run went through');
    }

    it('stops the run before the update: weights and moments are those of the last step', async () => {
      const { before, after } = await untilError();
      expect(before.state.step).toBe(1);
      expect(after.state.step).toBe(1);
      expectSameTensors(after.weights, before.weights);
      const moments = (snapshot: Snapshot): Map<string, HostTensor> =>
        new Map([...snapshot.optimizer].filter(([name]) => !name.startsWith('gradient/')));
      expectSameTensors(moments(after), moments(before));
    });

    it('the error says where and names every sample of the step', async () => {
      const { error } = await untilError();
      expect(error).toBeInstanceOf(NonFiniteError);
      expect(error).toMatchObject({ step: 1, loss: NaN, sampleIds: [TEXT_ROW, '1 #4 20 >21'] });
      expect(error.message).toBe(
        `step 2: loss NaN, gradient norm NaN; stopped before the update (samples ${TEXT_ROW}, 1 #4 20 >21)`,
      );
    });

    it('a gradient that overflows stops it too, though the loss is finite', async () => {
      const weights = tinyWeights();
      const name = 'language_model.model.norm.weight';
      const { shape, data } = weights.get(name) as HostTensor;
      weights.set(name, { shape, data: data.map(() => 1e30) });
      const head = weights.get('language_model.lm_head.weight') as HostTensor;
      weights.set('language_model.lm_head.weight', { ...head, data: head.data.map((value) => value * 1e-30) });
      const trainer = tinyTrainer({ weights, source: sourceOf([[microBatch([TEXT_ROW])]]), totalSteps: 1 });
      await expect(eventsOf(trainer)).rejects.toMatchObject({ name: 'NonFiniteError', gradNorm: Infinity });
      trainer.dispose();
    });
  });

  describe('resuming', () => {
    // Two stages, two micro-batches a step, text and images mixed, warm-up and decay, two passes over the data.
    const steps = [
      [microBatch([IMAGE_ROW, TEXT_ROW]), microBatch([OTHER_ROW])],
      [microBatch([TEXT_ROW]), microBatch([TWO_IMAGES], 2)],
    ];
    const recipe = tinyRecipe({
      stages: stagesOf('1/2', 'none'),
      optimizer: { schedule: 'cosine', warmupRatio: 0.3, weightDecay: 0.1, maxGradNorm: 0.7, accumulate: 2 },
    });
    const setup = { recipe, source: sourceOf(steps), totalSteps: 4 };

    const MEASURED = {
      ...{ stepMs: 0, tokensPerSecond: 0, time: '', memoryBytes: 0, tensors: 0 },
      ...{ functionsRecorded: 0, functionsEvicted: 0 },
    };

    /** An event without what differs from run to run: times, memory and what this trainer has recorded. */
    const comparable = (event: TrainingEvent): object =>
      event.type === 'micro' ? event : { ...event.metrics, ...MEASURED };

    const untimed = (state: LoopState): LoopState => ({ ...state, totals: { ...state.totals, trainingMs: 0 } });

    async function from(snapshot: Snapshot): Promise<{ events: TrainingEvent[]; end: Snapshot }> {
      const { weights, optimizer, state } = snapshot;
      const { events, snapshot: end } = await train({ ...setup, weights, from: { optimizer, state } });
      return { events, end };
    }

    it(
      'at any event gives the same following steps and the same end, to the last bit',
      { timeout: 400_000 },
      async () => {
        const trainer = tinyTrainer(setup);
        const events: TrainingEvent[] = [];
        const snapshots: Snapshot[] = [];
        for await (const event of trainer.run()) {
          events.push(event);
          snapshots.push(trainer.snapshot());
        }
        const end = trainer.snapshot();
        trainer.dispose();
        expect(events).toHaveLength(8);
        for (const [i, snapshot] of snapshots.entries()) {
          const resumed = await from(snapshot);
          expect(resumed.events.map(comparable)).toEqual(events.slice(i + 1).map(comparable));
          expectSameTensors(resumed.end.weights, end.weights);
          expectSameTensors(resumed.end.optimizer, end.optimizer);
          expect(untimed(resumed.end.state)).toEqual(untimed(end.state));
        }
      },
    );

    it('a snapshot between micro-batches holds the gradient so far, one after a step does not', async () => {
      const trainer = tinyTrainer(setup);
      const found: [string, boolean][] = [];
      for await (const { type } of trainer.run()) {
        found.push([type, [...trainer.snapshot().optimizer.keys()].some((key) => key.startsWith('gradient/'))]);
      }
      trainer.dispose();
      expect(new Set(found.map(String))).toEqual(new Set(['micro,true', 'step,false']));
    });

    it('a snapshot is a copy: going on does not change it', async () => {
      const trainer = tinyTrainer(setup);
      const run = trainer.run();
      await run.next();
      await run.next();
      const snapshot = trainer.snapshot();
      const copy = (map: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> =>
        new Map([...map].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));
      const [weights, optimizer] = [copy(snapshot.weights), copy(snapshot.optimizer)];
      for await (const _ of run);
      expectSameTensors(snapshot.weights, weights);
      expectSameTensors(snapshot.optimizer, optimizer);
      trainer.dispose();
    });

    it('training does not change the weights it was given', async () => {
      const weights = tinyWeights();
      await train({ ...setup, weights });
      expectSameTensors(weights, tinyWeights());
    });
  });

  describe('memory', () => {
    it('the tensor count stays the same from step to step, through stages and kinds of batches', async () => {
      const recipe = tinyRecipe({ stages: stagesOf('1/2', 'none'), optimizer: { maxGradNorm: 0.1 } });
      const source = sourceOf([[microBatch([IMAGE_ROW])], [microBatch([TEXT_ROW]), microBatch([TWO_IMAGES])]]);
      const { events } = await train({ recipe, source, totalSteps: 12 });
      const counts = metricsOf(events).map(({ tensors }) => tensors);
      // New constants (masks, shapes) come with the first steps of a stage.
      expect(new Set([...counts.slice(2, 6)]).size).toBe(1);
      expect(new Set([...counts.slice(8)]).size).toBe(1);
    });

    it('a finished run, a stopped one and a failed one leave nothing behind', async () => {
      const source = sourceOf([[microBatch([IMAGE_ROW]), microBatch([TEXT_ROW])]]);
      const stopped = async (): Promise<void> => {
        const trainer: Trainer = tinyTrainer({ source, totalSteps: 3 });
        for await (const _ of trainer.run()) break;
        trainer.dispose();
      };
      const failed = async (): Promise<void> => {
        const broken = microBatch([IMAGE_ROW]);
        if (broken.vision && 'pixels' in broken.vision) broken.vision.pixels.fill(NaN);
        await train({ source: sourceOf([[microBatch([TEXT_ROW]), broken]]), totalSteps: 1 }).catch(() => undefined);
      };
      await expectNoLeakedTensors(() => train({ source, totalSteps: 2 }));
      await expectNoLeakedTensors(stopped);
      await expectNoLeakedTensors(failed);
      expect(tf.memory().numTensors).toBeLessThan(500);
    });
  });
});
