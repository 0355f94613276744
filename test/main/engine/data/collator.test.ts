import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { HostBatch } from '../../../../src/main/engine/data/batch.ts';
import { BatchLoader, FIRST_POSITION, type LoaderPosition } from '../../../../src/main/engine/data/batch-loader.ts';
import { Collator } from '../../../../src/main/engine/data/collator.ts';
import type { EncodedSample } from '../../../../src/main/engine/data/encode.ts';
import { PixelCache } from '../../../../src/main/engine/data/pixel-cache.ts';
import { type ImageProcessor } from '../../../../src/main/engine/data/image-processor.ts';
import { preprocessImage } from '../../../../src/main/engine/data/preprocess.ts';
import { BatchSampler } from '../../../../src/main/engine/data/sampler.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const processor: ImageProcessor = {
  imageSize: 8,
  resize: 8,
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
  rescaleFactor: 1 / 255,
  padToSquare: true,
};

async function pictures(count: number): Promise<string[]> {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'images'));
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const file = join(folder, 'images', `${i}.png`);
      const create = { width: 9 + i, height: 7, channels: 3 as const, background: { r: 20 * i, g: 100, b: 200 } };
      await sharp({ create }).png().toFile(file);
      return file;
    }),
  );
}

/** Rows that show the given files. */
const rowsOf = (shown: readonly (readonly string[])[]): { encode(index: number): EncodedSample } => ({
  encode: (index) => {
    const images = shown[index] as readonly string[];
    const groups = images.map((_, i) => ({ start: i, length: 1 }));
    const row = { id: String(index), tokenIds: Int32Array.of(index), labels: Int32Array.of(-100), groups };
    return { row, images, droppedTurns: 0 };
  },
});

describe('Collator', () => {
  it('loads the pictures of all rows in order', async () => {
    const [a, b, c] = (await pictures(3)) as [string, string, string];
    const collator = new Collator({ rows: rowsOf([[a], [], [b, a, c]]), processor, loadPixels: true });
    const batch = await collator.collate([2, 1, 0]);
    expect(batch.rows.map(({ id }) => id)).toEqual(['2', '1', '0']);
    expect(batch.images).toEqual([b, a, c, a]);
    const expected = await Promise.all(batch.images.map((file) => preprocessImage(file, processor)));
    expect(batch.pixelValues).toEqual(Float32Array.from(expected.flatMap((values) => [...values])));
  });

  it('gives the same batch from the cache, without it, and with one that is too small', async () => {
    const files = await pictures(6);
    const rows = rowsOf(files.map((file) => [file]));
    const batches: HostBatch[] = [];
    for (const cacheBytes of [1e6, 0, 2 * 8 * 8 * 3]) {
      const collator = new Collator({ rows, processor, loadPixels: true, cacheBytes });
      await collator.collate([5, 4, 3, 2, 1, 0]);
      batches.push(await collator.collate([0, 1, 2, 3, 4, 5, 0]));
    }
    expect(batches[1]).toEqual(batches[0]);
    expect(batches[2]).toEqual(batches[0]);
  });

  it('reads a cached picture once', async () => {
    const [file] = (await pictures(1)) as [string];
    const collator = new Collator({ rows: rowsOf([[file]]), processor, loadPixels: true });
    const first = await collator.collate([0]);
    rmSync(file);
    expect(await collator.collate([0])).toEqual(first);
  });

  it('touches no file where features are cached', async () => {
    const collator = new Collator({ rows: rowsOf([['/none.png']]), processor, loadPixels: false });
    expect(await collator.collate([0])).toMatchObject({ images: ['/none.png'], pixelValues: new Float32Array(0) });
  });

  it('names a damaged picture', async () => {
    const [file] = (await pictures(1)) as [string];
    writeFileSync(file, '');
    const collator = new Collator({ rows: rowsOf([[file]]), processor, loadPixels: true });
    await expect(collator.collate([0])).rejects.toThrow(`${file}: the image file is empty (0 bytes)`);
  });
});

describe('PixelCache', () => {
  it('drops what was used longest ago when bytes run out', () => {
    const cache = new PixelCache(10);
    const put = (path: string, bytes: number): void => cache.set(path, new Uint8Array(bytes));
    put('a', 4);
    put('b', 4);
    expect(cache.get('a')?.length).toBe(4);
    put('c', 4);
    expect([cache.get('a'), cache.get('b'), cache.get('c')].map(Boolean)).toEqual([true, false, true]);
    put('large', 11);
    expect(cache.get('large')).toBeUndefined();
    put('a', 6);
    expect(cache.size).toEqual({ bytes: 10, images: 2 });
  });
});

describe('BatchLoader', () => {
  async function loaderOf(position: LoaderPosition = FIRST_POSITION, accumulate = 2): Promise<BatchLoader> {
    const files = await pictures(10);
    const rows = rowsOf(files.map((file) => [file]));
    const lengths = files.map((_, i) => i);
    const sampler = new BatchSampler({ lengths, modalities: files.map(() => 1), batchSize: 4, seed: 7 });
    return new BatchLoader(new Collator({ rows, processor, loadPixels: true }), sampler, accumulate, position);
  }

  async function take(
    loader: BatchLoader,
    count: number,
  ): Promise<{ ids: string[][]; pixels: Float32Array[]; next: LoaderPosition }> {
    const ids: string[][] = [];
    const pixels: Float32Array[] = [];
    let next = FIRST_POSITION;
    for (let i = 0; i < count; i++) {
      const loaded = await loader.next();
      ids.push(loaded.batch.rows.map(({ id }) => id));
      pixels.push(loaded.batch.pixelValues);
      ({ next } = loaded);
    }
    return { ids, pixels, next };
  }

  it('cuts batches into micro-batches and goes through the epochs', async () => {
    const { ids, next } = await take(await loaderOf(), 5);
    expect(ids.every((batch) => batch.length === 2)).toBe(true);
    expect(new Set(ids.slice(0, 4).flat()).size).toBe(8);
    expect(next).toEqual({ epoch: 1, batchIndex: 0, microBatch: 1 });
    const whole = await take(await loaderOf(FIRST_POSITION, 1), 2);
    expect(whole.ids).toEqual([
      [...(ids[0] ?? []), ...(ids[1] ?? [])],
      [...(ids[2] ?? []), ...(ids[3] ?? [])],
    ]);
  });

  it('resumes anywhere, also between micro-batches', async () => {
    const straight = await take(await loaderOf(), 9);
    for (let stop = 1; stop < 9; stop++) {
      const { next } = await take(await loaderOf(), stop);
      const rest = await take(await loaderOf(JSON.parse(JSON.stringify(next)) as LoaderPosition), 9 - stop);
      expect(rest.ids).toEqual(straight.ids.slice(stop));
      expect(rest.pixels).toEqual(straight.pixels.slice(stop));
    }
  });

  it('fails at the batch with the damaged picture, not before, and stays there', async () => {
    const [good, bad] = (await pictures(2)) as [string, string];
    writeFileSync(bad, 'x');
    const rows = rowsOf([[good], [bad]]);
    const sampler = new BatchSampler({ lengths: [1, 1], modalities: [1, 1], batchSize: 1, seed: 3 });
    const order = [0, 1].map((batchIndex) => sampler.batchAt({ epoch: 0, batchIndex })[0]);
    const loader = new BatchLoader(new Collator({ rows, processor, loadPixels: true }), sampler);
    if (order[0] === 0) await loader.next();
    await expect(loader.next()).rejects.toThrow(`${bad}: is not an image`);
    await expect(loader.next()).rejects.toThrow(`${bad}: is not an image`);
  });

  it('refuses parts that do not divide the batch', async () => {
    for (const accumulate of [0, 3, 1.5]) {
      await expect(loaderOf(FIRST_POSITION, accumulate)).rejects.toThrow('accumulate: must divide batchSize (4)');
    }
  });
});
