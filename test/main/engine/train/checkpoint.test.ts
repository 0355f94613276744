import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../../../src/main/engine/model/safetensors-write.ts';
import { toHostTensors } from '../../../../src/main/engine/model/weight-tensor.ts';
import { checkpointName, positionOf } from '../../../../src/main/engine/train/checkpoint-format.ts';
import {
  listCheckpoints,
  loadCheckpoint,
  loadNewestCheckpoint,
  verifyCheckpoint,
} from '../../../../src/main/engine/train/checkpoint-read.ts';
import { CheckpointThread } from '../../../../src/main/engine/train/checkpoint-saver.ts';
import { cleanUp, DISK, saveCheckpoint, type Disk } from '../../../../src/main/engine/train/checkpoint-write.ts';
import { publishModel } from '../../../../src/main/engine/train/final-model.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';
import { tinyCheckpoint } from '../../../helpers/tiny-checkpoint.ts';

const KEEP = 3;

/** A folder with whole checkpoints of the steps given. */
async function folderWith(...steps: number[]): Promise<string> {
  const folder = temporaryFolder();
  for (const step of steps) await saveCheckpoint(folder, tinyCheckpoint(step), KEEP);
  return folder;
}

type Operation = keyof Disk;
const OPERATIONS = Object.keys(DISK) as Operation[];

/** A disk whose operation number `failing` fails with `error`, after it has done a part of its work where `half` says so. */
function failingDisk(failing: number, error: Error, half = false): { disk: Disk; count: () => number } {
  let done = 0;
  const wrap = (name: Operation): unknown => {
    const operation = DISK[name] as (...args: unknown[]) => Promise<unknown>;
    return async (...args: unknown[]) => {
      if (done++ !== failing) return operation(...args);
      if (half) await operation(...args);
      throw error;
    };
  };
  return {
    disk: Object.fromEntries(OPERATIONS.map((name) => [name, wrap(name)])) as unknown as Disk,
    count: () => done,
  };
}

const diskFull = (): Error => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

/** Number of disk operations of one save. */
async function operationsOfSave(): Promise<number> {
  const { disk, count } = failingDisk(Infinity, diskFull());
  await saveCheckpoint(temporaryFolder(), tinyCheckpoint(1), KEEP, disk);
  return count();
}

describe('checkpoint names', () => {
  it.each([
    [{ step: 0, microBatch: 3 }, 'step-0.3'],
    [{ step: 1200, microBatch: 0 }, 'step-1200'],
  ])('%o ↔ %s', (position, name) => {
    expect(checkpointName(position)).toBe(name);
    expect(positionOf(name)).toEqual(position);
  });

  it.each(['step-', 'step-01', 'step-1.0', '.step-1.tmp', 'step-1.2.3', 'final'])('%s is none', (name) => {
    expect(positionOf(name)).toBeUndefined();
  });
});

describe('saving', () => {
  it('keeps everything to the bit, the optimizer in the order of the weights', async () => {
    const folder = temporaryFolder();
    const checkpoint = tinyCheckpoint(5, 1);
    const saved = await saveCheckpoint(folder, checkpoint, KEEP);
    expect(saved).toBe(join(folder, 'step-5.1'));
    await verifyCheckpoint(saved);
    const loaded = await loadCheckpoint(saved);
    const inMemory = { weights: toHostTensors(loaded.weights), optimizer: toHostTensors(loaded.optimizer) };
    expect({ ...loaded, ...inMemory }).toEqual(checkpoint);
    expect([...loaded.optimizer.keys()].filter((key) => key.startsWith('gradient/'))).toEqual(
      [...checkpoint.weights.keys()].map((name) => `gradient/${name}`),
    );
  });

  it('keeps the newest checkpoints and removes the others', async () => {
    const folder = await folderWith(1, 2, 9, 10);
    expect(await listCheckpoints(folder)).toEqual([10, 9, 2].map((step) => ({ step, microBatch: 0 })));
    await saveCheckpoint(folder, tinyCheckpoint(11), 1);
    expect(readdirSync(folder)).toEqual(['step-11']);
  });

  it('does not count later ones, which did not verify, and replaces them when the run gets there', async () => {
    const folder = await folderWith(1, 4);
    writeFileSync(join(folder, 'step-4', 'state.json'), 'broken');
    await saveCheckpoint(folder, tinyCheckpoint(2), 1);
    expect(readdirSync(folder).sort()).toEqual(['step-2', 'step-4']);
    await saveCheckpoint(folder, tinyCheckpoint(4), 1);
    expect(readdirSync(folder)).toEqual(['step-4']);
    await verifyCheckpoint(join(folder, 'step-4'));
  });

  it('goes on in a thread, and leaves tensors that are still used alone', async () => {
    const folder = temporaryFolder();
    const frozen = tinyCheckpoint(1).weights;
    const thread = new CheckpointThread(frozen);
    for (const step of [1, 2, 3]) {
      const checkpoint = { ...tinyCheckpoint(step), weights: new Map(frozen) };
      expect(await thread.save({ checkpoints: folder, checkpoint, keep: 2 })).toBe(join(folder, `step-${step}`));
    }
    expect([...frozen.values()].every(({ data }) => data.length > 0)).toBe(true);
    const unwritable = thread.save({
      checkpoints: join(folder, 'step-3', 'state.json', 'below'),
      checkpoint: tinyCheckpoint(4),
      keep: 2,
    });
    await expect(unwritable).rejects.toMatchObject({ code: 'ENOTDIR' });
    await thread.dispose();
    expect(readdirSync(folder).sort()).toEqual(['step-2', 'step-3']);
    await verifyCheckpoint(join(folder, 'step-3'));
  });
});

describe('a disk that is full, at whatever moment', () => {
  it('leaves the checkpoint before whole and no rest of the new one', async () => {
    const operations = await operationsOfSave();
    expect(operations).toBeGreaterThan(5);
    for (let failing = 0; failing < operations; failing++) {
      const folder = await folderWith(1);
      const { disk } = failingDisk(failing, diskFull());
      const save = saveCheckpoint(folder, tinyCheckpoint(2), 1, disk);
      // Moving aside what is not there is no failure; every other one must be told.
      await expect(save, `operation ${failing}`).rejects.toMatchObject({ code: 'ENOSPC' });
      const newest = await loadNewestCheckpoint(folder);
      expect(newest?.skipped).toEqual([]);
      expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
      expect(existsSync(join(folder, 'step-1'))).toBe(true);
    }
  });

  it('leaves a replaced checkpoint of the same step in its place', async () => {
    const operations = await operationsOfSave();
    for (let failing = 0; failing < operations; failing++) {
      const folder = await folderWith(1);
      const { disk } = failingDisk(failing, diskFull());
      await saveCheckpoint(folder, tinyCheckpoint(1), 1, disk).catch(() => undefined);
      expect(readdirSync(folder), `operation ${failing}`).toEqual(['step-1']);
      await verifyCheckpoint(join(folder, 'step-1'));
    }
  });
});

describe('a kill, at whatever moment', () => {
  /** Saves and stops for good after `operations` operations, as a killed process does. */
  async function killedSave(folder: string, step: number, operations: number): Promise<void> {
    const stop = new Promise<never>(() => undefined);
    let done = 0;
    let reached: () => void = () => undefined;
    const killed = new Promise<void>((resolve) => (reached = resolve));
    const wrap = (name: Operation): unknown => {
      const operation = DISK[name] as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        if (done++ === operations) reached();
        return done > operations ? stop : operation(...args);
      };
    };
    const disk = Object.fromEntries(OPERATIONS.map((name) => [name, wrap(name)])) as unknown as Disk;
    await Promise.race([saveCheckpoint(folder, tinyCheckpoint(step), 1, disk), killed]);
  }

  it.each([1, 2])(
    'leaves a whole checkpoint, and what is left over goes when the run is opened (saving step %i)',
    async (step) => {
      const operations = await operationsOfSave();
      for (let done = 0; done < operations; done++) {
        const folder = await folderWith(1);
        await killedSave(folder, step, done);
        await cleanUp(folder);
        expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
        const newest = await loadNewestCheckpoint(folder);
        expect(newest?.name, `after ${done} operations`).toMatch(/^step-[12]$/);
        expect(newest?.skipped).toEqual([]);
      }
    },
  );
});

describe('loading', () => {
  const damages: [string, (folder: string) => void, RegExp][] = [
    [
      'no manifest',
      (folder) => rmSync(join(folder, 'manifest.json')),
      /manifest\.json: is missing: the save did not finish/,
    ],
    [
      'a manifest that is no JSON',
      (folder) => writeFileSync(join(folder, 'manifest.json'), '{'),
      /manifest\.json: must be valid JSON/,
    ],
    [
      'a manifest without the weights',
      (folder) => {
        const file = join(folder, 'manifest.json');
        writeFileSync(file, readFileSync(file, 'utf8').replace('model.safetensors', 'another.file'));
      },
      /manifest\.json: must list model\.safetensors/,
    ],
    [
      'a manifest that names files elsewhere',
      (folder) => {
        const file = join(folder, 'manifest.json');
        writeFileSync(file, readFileSync(file, 'utf8').replace('"config.json"', '"../config.json"'));
      },
      /files\[\d+\]\.name: must be a plain file name/,
    ],
    ['a missing file', (folder) => rmSync(join(folder, 'state.json')), /state\.json: is missing/],
    [
      'a longer file',
      (folder) => appendFileSync(join(folder, 'optimizer.safetensors'), 'x'),
      /has \d+ bytes, its manifest says \d+/,
    ],
    [
      'one wrong bit',
      (folder) => {
        const file = join(folder, 'model.safetensors');
        const bytes = readFileSync(file);
        bytes[bytes.length - 1]! ^= 1;
        writeFileSync(file, bytes);
      },
      /model\.safetensors: is damaged: its SHA-256 differs/,
    ],
  ];

  it.each(damages)('with %s takes the one before and says so', async (_, damage, reason) => {
    const folder = await folderWith(1, 2);
    damage(join(folder, 'step-2'));
    const newest = await loadNewestCheckpoint(folder);
    expect(newest?.name).toBe('step-1');
    expect(newest?.checkpoint.state.step).toBe(1);
    expect(newest?.skipped).toHaveLength(1);
    expect(newest?.skipped[0]).toMatch(/^checkpoint step-2 is not used: /);
    expect(newest?.skipped[0]).toMatch(reason);
  });

  it('finds nothing where there is nothing', async () => {
    expect(await loadNewestCheckpoint(temporaryFolder())).toBeUndefined();
    expect(await loadNewestCheckpoint(join(temporaryFolder(), 'missing'))).toBeUndefined();
  });

  it('does not begin again where no checkpoint is whole', async () => {
    const folder = await folderWith(1);
    rmSync(join(folder, 'step-1', 'manifest.json'));
    await expect(loadNewestCheckpoint(folder)).rejects.toThrow(
      /holds no whole checkpoint: checkpoint step-1 is not used/,
    );
  });

  it('does not fall back behind a checkpoint of a newer version', async () => {
    const folder = await folderWith(1, 2);
    const file = join(folder, 'step-2', 'manifest.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"format": 1', '"format": 2'));
    await expect(loadNewestCheckpoint(folder)).rejects.toThrow(
      /manifest\.json: format: was written by a newer version of this program \(format 2, known up to 1\)/,
    );
  });

  it('refuses optimizer tensors of other shapes', async () => {
    const folder = await folderWith(1);
    const { optimizer } = tinyCheckpoint(1);
    const [key] = optimizer.keys();
    optimizer.set(key!, { shape: [3], data: new Float32Array(3) });
    await writeSafetensors(join(folder, 'step-1', 'optimizer.safetensors'), optimizer);
    await expect(loadCheckpoint(join(folder, 'step-1'))).rejects.toThrow(
      /m\/\S+: has shape \[3\], but the weight has \[/,
    );
  });

  it('refuses optimizer tensors of no weight', async () => {
    const folder = await folderWith(1);
    const { optimizer } = tinyCheckpoint(1);
    optimizer.set('m/no.such.weight', { shape: [1], data: new Float32Array(1) });
    await writeSafetensors(join(folder, 'step-1', 'optimizer.safetensors'), optimizer);
    await expect(loadCheckpoint(join(folder, 'step-1'))).rejects.toThrow(/m\/no\.such\.weight: belongs to no weight/);
  });

  it('refuses weights of other shapes', async () => {
    const folder = await folderWith(1);
    const file = join(folder, 'step-1', 'config.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"vocab_size": 50', '"vocab_size": 51'));
    await expect(loadCheckpoint(join(folder, 'step-1'))).rejects.toThrow(
      /has shape \[50, 16\], but config.json asks for \[51, 16\]/,
    );
  });

  it('refuses a broken loop state, naming the field', async () => {
    const folder = await folderWith(1);
    const file = join(folder, 'step-1', 'state.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"step": 1', '"step": -1'));
    await expect(loadCheckpoint(join(folder, 'step-1'))).rejects.toThrow(/state\.json: state\.step: must be 0 or more/);
  });
});

describe('the model of a finished run', () => {
  it('stays whole when its checkpoint is deleted, and replaces an earlier one', async () => {
    const folder = await folderWith(1, 2);
    const final = join(folder, 'final');
    await publishModel(join(folder, 'step-1'), final);
    await publishModel(join(folder, 'step-2'), final);
    rmSync(join(folder, 'step-2'), { recursive: true });
    expect(readdirSync(final).sort()).toEqual([
      'config.json',
      'generation_config.json',
      'model.safetensors',
      'preprocessor_config.json',
      'tokenizer.json',
    ]);
    expect(readFileSync(join(final, 'tokenizer.json'), 'utf8')).toBe('{"model": 1}');
  });
});
