import { afterAll, describe, expect, it } from 'vitest';
import { parseCompression, type Compression } from '../../../../src/shared/compression.ts';
import { Random } from '../../../../src/shared/random.ts';
import { tf } from '../../../../src/main/engine/backend/tensorflow.ts';
import { planBatch } from '../../../../src/main/engine/model/batch-plan.ts';
import { visionLayersUsed, type LlavaConfig } from '../../../../src/main/engine/model/config.ts';
import { withDeviceBatch, type HostVision } from '../../../../src/main/engine/model/device-batch.ts';
import type { HostTensor } from '../../../../src/main/engine/model/host-tensor.ts';
import { llavaLoss } from '../../../../src/main/engine/model/llava.ts';
import { Parameters } from '../../../../src/main/engine/model/parameters.ts';
import { project } from '../../../../src/main/engine/model/projector.ts';
import { visionFeatures } from '../../../../src/main/engine/model/vision-encoder.ts';
import { lossAndGradients } from '../../../../src/main/engine/train/gradients.ts';
import { expectNoLeakedTensors, expectSameTensors, randomTensor, relativeDistance } from '../../../helpers/tensors.ts';
import { rowOf, tinyConfig, tinyPixels, tinyWeights, TINY } from '../../../helpers/tiny-model.ts';
import { referenceLoss } from './reference-llava.ts';

type HostWeights = Map<string, HostTensor>;

interface Result {
  readonly loss: number;
  readonly gradients: HostWeights;
}

interface Run {
  readonly rows: readonly string[];
  readonly compression?: string | Compression;
  readonly vision?: HostVision;
  readonly weights?: HostWeights;
  readonly config?: LlavaConfig;
  readonly isTrained?: (name: string) => boolean;
}

const defaultWeights = tinyWeights();

const groupsOf = (rows: readonly string[]): number => rows.reduce((n, row) => n + rowOf(row).groups.length, 0);

/** Σ cross entropy (not the mean) of some rows and its gradients. */
function run({ rows, compression = 'none', weights = defaultWeights, config = TINY, ...options }: Run): Result {
  const setting = typeof compression === 'string' ? parseCompression(compression) : compression;
  const encoded = rows.map((row) => rowOf(row));
  const pixels = tinyPixels(groupsOf(rows), config);
  const vision = options.vision ?? { pixels, imageSize: config.vision.imageSize };
  const parameters = new Parameters(weights, options.isTrained ?? (() => true));
  const { loss, gradients } = withDeviceBatch(planBatch(encoded, setting, 1), vision, (batch) =>
    parameters.withWeights((tensors) =>
      lossAndGradients((w) => llavaLoss(batch, w, config), tensors, parameters.trainedNames()),
    ),
  );
  const host = new Map(
    [...gradients].map(([name, t]) => [name, { shape: t.shape, data: t.dataSync().slice() as Float32Array }]),
  );
  const value = loss.dataSync()[0] as number;
  tf.dispose([loss, ...gradients.values()]);
  parameters.dispose();
  return { loss: value, gradients: host };
}

/** The reference's loss of some rows, each on its own. */
function expectedLoss({ rows, compression = 'none', weights = defaultWeights, config = TINY }: Run): number {
  const setting = typeof compression === 'string' ? parseCompression(compression) : compression;
  const pixels = tinyPixels(groupsOf(rows), config);
  const size = 3 * config.vision.imageSize ** 2;
  let image = 0;
  return rows.reduce((total, text) => {
    const row = rowOf(text);
    const own = row.groups.map(() => pixels.subarray(image++ * size, image * size));
    return total + referenceLoss(row, own, setting, weights, config);
  }, 0);
}

const IMAGE_ROW = '1 5 #4 7 >8 >9 3 >4';
const TEXT_ROW = '1 >3 >30 4 >9';
const TWO_IMAGES = '1 #4 6 #4 >8 >2';
const MIXED = [IMAGE_ROW, TEXT_ROW, TWO_IMAGES];
const SETTINGS = ['none', '-1/2', '0/2', '1/2', '2/4', '-1/2+1/2', '0/2+1/2', '1/2+2/2', '0/3', '1/3'];

describe('the loss is the reference’s', () => {
  it.each(SETTINGS)('compression %s, a mixed batch', (compression) => {
    const expected = expectedLoss({ rows: MIXED, compression });
    expect(run({ rows: MIXED, compression }).loss / expected).toBeCloseTo(1, 5);
  });

  it.each([
    ['tied embeddings', tinyConfig({ text: { tieWordEmbeddings: true } })],
    ['one key head', tinyConfig({ text: { kvHeads: 1 } })],
    ['as many key heads as query heads', tinyConfig({ text: { kvHeads: 4 } })],
    ['heads wider than the model', tinyConfig({ text: { headDim: 8 } })],
    ['features of the last layer', tinyConfig({ featureLayer: -1 })],
    ['features of the embeddings', tinyConfig({ featureLayer: 0 })],
    ['features with the class token', tinyConfig({ featureSelect: 'full' })],
    ['a projector without bias', tinyConfig({ projectorBias: false })],
    ['gelu in the tower', tinyConfig({ vision: { activation: 'gelu' } })],
    ['smaller patches', tinyConfig({ vision: { patchSize: 4 } })],
  ])('%s', (_, config) => {
    const tokens = (config.vision.imageSize / config.vision.patchSize) ** 2 + (config.featureSelect === 'full' ? 1 : 0);
    const rows = [IMAGE_ROW, TWO_IMAGES].map((row) => row.replaceAll('#4', `#${tokens}`));
    const weights = tinyWeights(config);
    for (const compression of ['none', '1/2']) {
      const expected = expectedLoss({ rows, compression, weights, config });
      expect(run({ rows, compression, weights, config }).loss / expected).toBeCloseTo(1, 5);
    }
  });

  it('the settings all differ, so that a setting that did nothing would be found', () => {
    const losses = SETTINGS.map((compression) => expectedLoss({ rows: [IMAGE_ROW], compression }).toFixed(4));
    // 0/3 and 1/3 leave one token of three; 2/4 and so on each have a loss of their own.
    expect(new Set(losses).size).toBe(SETTINGS.length);
  });
});

describe('gradients are the slopes of the reference’s loss', () => {
  /** Derivative of the reference along a random direction in one weight, by differences in double precision. */
  function slope(name: string, direction: Float32Array, setup: Run): number {
    const step = 1e-4;
    const moved = (sign: number): number => {
      const weights = new Map(defaultWeights);
      const { shape, data } = weights.get(name) as HostTensor;
      // A Float64Array in place of the float32 one: the reference reads numbers only.
      const values = Float64Array.from(data, (x, i) => x + sign * step * (direction[i] as number));
      weights.set(name, { shape, data: values as unknown as Float32Array });
      return expectedLoss({ ...setup, weights });
    };
    return (moved(1) - moved(-1)) / (2 * step);
  }

  it.each(['none', '-1/2+1/2'])('of every weight, compression %s', (compression) => {
    const setup = { rows: [TWO_IMAGES, TEXT_ROW], compression };
    const { gradients } = run(setup);
    const slopes = [...gradients].map(([name, { shape, data }]) => {
      const direction = randomTensor(Random.from(1, name), shape).data;
      const analytic = data.reduce((total, g, i) => total + g * (direction[i] as number), 0);
      const norm = Math.hypot(...data) + 1e-3;
      return { name, error: Math.abs(analytic - slope(name, direction, setup)) / norm };
    });
    expect(slopes.filter(({ error }) => error > 2e-3)).toEqual([]);
    expect(slopes.length).toBeGreaterThan(50);
  });

  it('weights that do not reach the loss have none: layers above the features, the last vision norm', () => {
    const { gradients } = run({ rows: [IMAGE_ROW] });
    const missing = [...defaultWeights.keys()].filter((name) => !gradients.has(name));
    const above = /^vision_tower\.(encoder\.layers\.1\.|post_layernorm\.)/;
    expect(missing).toEqual([...defaultWeights.keys()].filter((name) => above.test(name)));
  });

  it('a batch of text only gives none to tower and projector', () => {
    const names = [...run({ rows: [TEXT_ROW] }).gradients.keys()];
    expect(names.length).toBeGreaterThan(20);
    expect(names.every((name) => name.startsWith('language_model.'))).toBe(true);
  });

  it('only of what is trained', () => {
    const isTrained = (name: string): boolean => name.startsWith('multi_modal_projector.');
    const some = run({ rows: [IMAGE_ROW], isTrained });
    const all = run({ rows: [IMAGE_ROW] });
    expect([...some.gradients.keys()]).toEqual([...defaultWeights.keys()].filter(isTrained));
    expectSameTensors(some.gradients, new Map([...all.gradients].filter(([name]) => isTrained(name))));
    expect(some.loss).toBe(all.loss);
  });
});

/** A point that `parseCompression` leaves out because it does nothing. */
const strideOne = (layer: number): Compression => [{ layer, stride: 1, compressor: 'average-pool' }];

describe('what must not matter', () => {
  it.each([-1, 0, 1, 2])('stride 1 at layer %i equals no compression to the last bit', (layer) => {
    const [one, none] = [run({ rows: MIXED, compression: strideOne(layer) }), run({ rows: MIXED })];
    expect(one.loss).toBe(none.loss);
    expectSameTensors(one.gradients, none.gradients);
  });

  it.each(['none', '1/2', '-1/2'])('a mixed batch is its rows alone, added up: %s', (compression) => {
    const size = 3 * TINY.vision.imageSize ** 2;
    const pixels = tinyPixels(groupsOf(MIXED));
    let image = 0;
    const alone = MIXED.map((row) => {
      const from = image;
      image += groupsOf([row]);
      return run({
        rows: [row],
        compression,
        vision: { pixels: pixels.slice(from * size, image * size), imageSize: TINY.vision.imageSize },
      });
    });
    const together = run({ rows: MIXED, compression });
    expect(together.loss).toBeCloseTo(
      alone.reduce((total, { loss }) => total + loss, 0),
      4,
    );
    for (const [name, { data }] of together.gradients) {
      const sum = data.map((_, i) =>
        alone.reduce((total, { gradients }) => total + (gradients.get(name)?.data[i] ?? 0), 0),
      );
      // The key bias of the tower has a true gradient of 0: only noise is there to compare.
      if (!name.endsWith('k_proj.bias')) expect(relativeDistance(data, sum), name).toBeLessThan(1e-5);
    }
  });

  it.each([20, 170, 330])('padding to more than %i tokens, by an unsupervised neighbour', (length) => {
    const neighbour = `1 ${Array.from({ length }, (_, i) => 3 + (i % 40)).join(' ')}`;
    for (const compression of ['none', '1/2']) {
      const padded = run({ rows: [IMAGE_ROW, neighbour], compression });
      const alone = run({ rows: [IMAGE_ROW], compression });
      expect(padded.loss / alone.loss).toBeCloseTo(1, 6);
      for (const [name, { data }] of alone.gradients) {
        if (name.endsWith('k_proj.bias')) continue;
        expect(relativeDistance(padded.gradients.get(name)?.data ?? [], data), name).toBeLessThan(2e-5);
      }
    }
  });

  it('the order of the rows', () => {
    const rows = [TEXT_ROW, IMAGE_ROW];
    expect(run({ rows }).loss / run({ rows: [IMAGE_ROW, TEXT_ROW] }).loss).toBeCloseTo(1, 6);
  });

  describe('where the visual tokens come from, to the last bit:', () => {
    const pixels = tinyPixels(groupsOf(MIXED));

    /** Features of the tower and visual tokens of the projector, as a cache would hold them. */
    function cached(): Record<'features' | 'tokens', Float32Array> {
      const parameters = new Parameters(defaultWeights);
      const result = { features: new Float32Array(), tokens: new Float32Array() };
      parameters.withWeights((weights) =>
        tf.tidy(() => {
          const images = tf.tensor4d(pixels, [groupsOf(MIXED), 3, TINY.vision.imageSize, TINY.vision.imageSize]);
          const features = visionFeatures(images, weights, TINY.vision, visionLayersUsed(TINY), TINY.featureSelect);
          result.features = features.dataSync().slice() as Float32Array<ArrayBuffer>;
          result.tokens = project(features, weights, TINY).dataSync().slice() as Float32Array<ArrayBuffer>;
        }),
      );
      parameters.dispose();
      return result;
    }

    it.each(['none', '1/2', '-1/2'])('pixels, features of the tower or projected tokens; %s', (compression) => {
      const { features, tokens } = cached();
      const isDecoder = (name: string): boolean => name.startsWith('language_model.');
      const isTrained = (name: string): boolean => !name.startsWith('vision_tower.');
      const fromPixels = run({ rows: MIXED, compression, isTrained });
      const vision = { features, width: TINY.vision.hiddenSize };
      const fromFeatures = run({ rows: MIXED, compression, isTrained, vision });
      const projected = { tokens, width: TINY.text.hiddenSize };
      const fromTokens = run({ rows: MIXED, compression, isTrained: isDecoder, vision: projected });
      expect([fromFeatures.loss, fromTokens.loss]).toEqual([fromPixels.loss, fromPixels.loss]);
      expectSameTensors(fromFeatures.gradients, fromPixels.gradients);
      const ofDecoder = new Map([...fromPixels.gradients].filter(([name]) => isDecoder(name)));
      expectSameTensors(fromTokens.gradients, ofDecoder);
    });
  });
});

describe('what must matter', () => {
  it('the image', () => {
    const other = { pixels: tinyPixels(1, TINY, 2), imageSize: TINY.vision.imageSize };
    expect(run({ rows: [IMAGE_ROW], vision: other }).loss).not.toBeCloseTo(run({ rows: [IMAGE_ROW] }).loss, 2);
  });

  it('where the image stands', () => {
    expect(run({ rows: ['1 5 #4 7 >8'] }).loss).not.toBeCloseTo(run({ rows: ['1 #4 5 7 >8'] }).loss, 2);
  });

  it('which image is whose: swapping two images of a row', () => {
    const pixels = tinyPixels(2);
    const half = pixels.length / 2;
    const swapped = Float32Array.from([...pixels.subarray(half), ...pixels.subarray(0, half)]);
    const imageSize = TINY.vision.imageSize;
    const [a, b] = [pixels, swapped].map(
      (each) => run({ rows: [TWO_IMAGES], vision: { pixels: each, imageSize } }).loss,
    );
    expect(a).not.toBeCloseTo(b as number, 2);
  });

  it('K = −1 and K = 0 differ in the positions only, and that shows', () => {
    expect(run({ rows: [IMAGE_ROW], compression: '-1/2' }).loss).not.toBeCloseTo(
      run({ rows: [IMAGE_ROW], compression: '0/2' }).loss,
      3,
    );
  });
});

describe('memory', () => {
  it.each(['none', '-1/2', '0/2+1/2'])('a whole step leaves no tensor behind: %s', async (compression) => {
    await expectNoLeakedTensors(() => run({ rows: MIXED, compression }));
    await expectNoLeakedTensors(() => run({ rows: [TEXT_ROW], compression }));
  });

  it('nor one that fails on the way', async () => {
    const broken = new Map(defaultWeights);
    broken.set('language_model.model.layers.1.mlp.up_proj.weight', { shape: [20, 15], data: new Float32Array(300) });
    await expectNoLeakedTensors(() => {
      const parameters = new Parameters(broken, () => true);
      const plan = planBatch([rowOf(TEXT_ROW)], parseCompression('none'));
      const step = (): unknown =>
        withDeviceBatch(plan, undefined, (batch) =>
          parameters.withWeights((weights) =>
            lossAndGradients((w) => llavaLoss(batch, w, TINY), weights, parameters.trainedNames()),
          ),
        );
      expect(step).toThrow();
      parameters.dispose();
    });
  });

  afterAll(() => expect(tf.memory().numTensors).toBeLessThan(500));
});
