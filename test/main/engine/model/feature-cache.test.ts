import { describe, expect, it } from 'vitest';
import { featureCapacity, FeatureCache } from '../../../../src/main/engine/model/feature-cache.ts';
import type { HostVision } from '../../../../src/main/engine/model/device-batch.ts';
import { initialiseWeights } from '../../../../src/main/engine/model/initialise.ts';
import { configOfSize, resolveModel } from '../../../../src/main/engine/model/named-size.ts';
import { Parameters } from '../../../../src/main/engine/model/parameters.ts';
import { GradientStep } from '../../../../src/main/engine/train/train-step.ts';
import { parseCompression } from '../../../../src/shared/compression.ts';
import { Random } from '../../../../src/shared/random.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';
import { rowOf, tinyPixels, TINY, tinyWeights } from '../../../helpers/tiny-model.ts';

const ids = { vocabSize: 300, imageTokenId: 3, bosTokenId: 0, eosTokenId: 1, padTokenId: 2 };
// Large enough for the matrix products to be cut into blocks, whose borders depend on the number of images.
const CONFIG = configOfSize(resolveModel('tiny'), ids);
const WEIGHTS = initialiseWeights(CONFIG, 1);
const IMAGES = Array.from({ length: 40 }, (_, i) => `image-${i}`);

/** Pixels that depend on the image's name only. */
function loadPixels(images: readonly string[]): Promise<Float32Array> {
  const size = 3 * CONFIG.vision.imageSize ** 2;
  const pixels = new Float32Array(images.length * size);
  images.forEach((image, i) => {
    const random = Random.from(5, image);
    for (let j = 0; j < size; j++) pixels[i * size + j] = random.normal();
  });
  return Promise.resolve(pixels);
}

/** The features of every image, asked for in batches of `batch` in an order of its own. */
async function featuresAskedFor(batch: number, kept: readonly string[]): Promise<Map<string, Buffer>> {
  const cache = new FeatureCache(CONFIG, WEIGHTS, loadPixels, kept);
  const order = Random.from(batch, 'order').shuffle([...IMAGES]);
  const found = new Map<string, Buffer>();
  for (let i = 0; i < order.length; i += batch) {
    const images = order.slice(i, i + batch);
    const vision = await cache.read(images);
    if (!('features' in vision)) throw new Error('no features');
    const size = vision.features.length / images.length;
    images.forEach((image, j) => found.set(image, Buffer.from(vision.features.slice(j * size, (j + 1) * size).buffer)));
  }
  cache.dispose();
  return found;
}

describe('cached features', () => {
  it.each([
    { title: 'all images kept', kept: IMAGES },
    { title: 'some images kept', kept: IMAGES.slice(0, 20) },
  ])('are the same bits in whatever order they are asked for: $title', async ({ kept }) => {
    const [a, b] = [await featuresAskedFor(3, kept), await featuresAskedFor(16, kept)];
    for (const image of IMAGES) expect(a.get(image)?.equals(b.get(image)!), image).toBe(true);
  });

  it('run the tower once for each image that is kept', async () => {
    const loaded: string[] = [];
    const load = (images: readonly string[]): Promise<Float32Array> => {
      loaded.push(...images);
      return Promise.resolve(tinyPixels(images.length, TINY));
    };
    const cache = new FeatureCache(TINY, tinyWeights(), load, ['a', 'b']);
    await cache.read(['b', 'c']);
    await cache.read(['a', 'c', 'b']);
    cache.dispose();
    expect(loaded).toEqual(['a', 'b', 'c', 'c']);
  });

  it('hold what a compressor ranks by where one asks for it: a step from the cache is the step from pixels', async () => {
    const load = (images: readonly string[]): Promise<Float32Array> =>
      Promise.resolve(Float32Array.from(images.flatMap((image) => [...tinyPixels(1, TINY, image.length)])));
    const parameters = new Parameters(tinyWeights());
    const step = new GradientStep(parameters, TINY);
    const rows = ['1 5 #4 7 >8', '1 #4 >3 >30'].map((row) => rowOf(row));
    const images = ['long name', 'short'];
    const lossOf = (vision: HostVision, setting: string): number =>
      step.run({ rows, vision }, parseCompression(setting)).loss;
    const cache = new FeatureCache(TINY, tinyWeights(), load, ['short', 'long name'], { withView: true });
    const plain = new FeatureCache(TINY, tinyWeights(), load, images);
    const [pixels, cached, bare] = [await load(images), await cache.read(images), await plain.read(images)];
    for (const setting of ['-1/2:prumerge', '-1/2:visionzip', '1/2']) {
      expect(lossOf(cached, setting)).toBeCloseTo(lossOf({ pixels, imageSize: TINY.vision.imageSize }, setting), 5);
    }
    expect(() => lossOf(bare, '-1/2:prumerge')).toThrow('prumerge needs more of the vision tower than features');
    expect('view' in bare).toBe(false);
    for (const one of [cache, plain, step, parameters]) one.dispose();
  });

  it('count what fits into memory', () => {
    expect(featureCapacity(TINY, {}, 4 * TINY.vision.hiddenSize * 4 * 10 + 1)).toBe(10);
    const withView = 4 * (2 * TINY.vision.hiddenSize + 1) * 4;
    expect(featureCapacity(TINY, { withView: true }, withView * 10)).toBe(10);
    expect(featureCapacity(TINY, { withView: true }, withView * 10 - 1)).toBe(9);
  });

  it('leave no tensors behind', async () => {
    await expectNoLeakedTensors(async () => {
      const cache = new FeatureCache(
        TINY,
        tinyWeights(),
        (images) => Promise.resolve(tinyPixels(images.length, TINY)),
        ['a'],
      );
      await cache.read(['a', 'b']);
      cache.dispose();
    });
  });
});
