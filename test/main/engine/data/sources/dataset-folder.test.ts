import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  isSound,
  provideDataset,
  readManifest,
  type DatasetManifest,
} from '../../../../../src/main/engine/data/sources/dataset-folder.ts';

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'dataset-folder-'));
  folder = join(root, 'toy');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const splits = { train: { records: 1, images: 1, questions: 1 } };

function provide(seed: number, replace = false): Promise<{ manifest: DatasetManifest; reused: boolean }> {
  const made = { seed };
  return provideDataset({ folder, dataset: 'toy', made, replace }, async (work) => {
    await mkdir(join(work, 'images'));
    await writeFile(join(work, 'images', '0.png'), `picture ${seed}`);
    await writeFile(join(work, 'train.jsonl'), '{}\n');
    return { dataset: 'toy', made, licence: 'MIT', splits };
  });
}

describe('provideDataset', () => {
  it('makes the folder once and writes the measured digests', async () => {
    const { manifest, reused } = await provide(1);
    expect(reused).toBe(false);
    expect(await readManifest(folder)).toEqual(manifest);
    expect(manifest.images).toMatchObject({ count: 1, bytes: 'picture 1'.length });
    expect(manifest.files['train.jsonl']?.bytes).toBe(3);
    expect(await provide(1)).toEqual({ manifest, reused: true });
    expect(await readdir(root)).toEqual(['toy']);
  });

  it('sees a changed picture, an added one and a changed list, and makes the folder again', async () => {
    const { manifest } = await provide(1);
    const damages = [
      () => writeFile(join(folder, 'images', '0.png'), 'picture X'),
      () => writeFile(join(folder, 'images', '1.png'), 'more'),
      () => writeFile(join(folder, 'train.jsonl'), '[]\n'),
      () => rm(join(folder, 'train.jsonl')),
    ];
    for (const damage of damages) {
      await damage();
      expect(await isSound(folder, manifest)).toBe(false);
      expect((await provide(1)).reused).toBe(false);
      expect(await isSound(folder, manifest)).toBe(true);
    }
  });

  it('keeps a dataset that was made with other options unless told to replace it', async () => {
    await provide(1);
    await expect(provide(2)).rejects.toThrow(/made with other options.*--force/);
    expect(await readFile(join(folder, 'images', '0.png'), 'utf8')).toBe('picture 1');
    await provide(2, true);
    expect(await readFile(join(folder, 'images', '0.png'), 'utf8')).toBe('picture 2');
    expect(await readdir(root)).toEqual(['toy']);
  });

  it('never replaces what it did not make, even when told to', async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'notes.txt'), 'mine');
    await expect(provide(1, true)).rejects.toThrow(/something else/);
    expect(await readdir(folder)).toEqual(['notes.txt']);
  });

  it('leaves nothing behind when the filling fails, and clears what a killed run left', async () => {
    await mkdir(join(root, '.toy.999999999.part'));
    await mkdir(join(root, '.other.999999999.part'));
    const failing = provideDataset({ folder, dataset: 'toy', made: {}, replace: false }, async (work) => {
      await writeFile(join(work, 'train.jsonl'), 'half');
      throw new Error('disk full');
    });
    await expect(failing).rejects.toThrow('disk full');
    expect(existsSync(folder)).toBe(false);
    expect(await readdir(root)).toEqual(['.other.999999999.part']);
  });
});
