import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRunRecord, RunFolder } from '../../../../src/main/engine/train/run-folder.ts';
import { acquireRunLock, processStart } from '../../../../src/main/engine/train/run-lock.ts';
import { RUN_LOCK } from '../../../../src/shared/run-record.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

/** A run that was made and left. */
async function leftRun(): Promise<string> {
  const folder = join(temporaryFolder(), 'my-run');
  (await RunFolder.create(folder, 'name: x\n')).close();
  return folder;
}

function editRecord(folder: string, edit: (text: string) => string): void {
  const file = join(folder, 'run.json');
  writeFileSync(file, edit(readFileSync(file, 'utf8')));
}

describe('a new run', () => {
  it('has a folder with recipe and record, and holds it', async () => {
    const folder = join(temporaryFolder(), 'runs', 'my-run');
    const run = await RunFolder.create(folder, 'name: x\n');
    expect(readdirSync(folder).sort()).toEqual(['checkpoints', 'recipe.yaml', 'run.json', 'run.lock']);
    expect(await readRunRecord(folder)).toMatchObject({
      name: 'my-run',
      state: 'created',
      workingFolder: process.cwd(),
    });
    await run.update({ state: 'running', progress: { step: 3, microBatch: 1 } });
    expect(await readRunRecord(folder)).toMatchObject({ state: 'running', progress: { step: 3, microBatch: 1 } });
    run.close();
    expect(existsSync(join(folder, 'run.lock'))).toBe(false);
  });

  it('takes no folder that holds something', async () => {
    const folder = await leftRun();
    await expect(RunFolder.create(folder, '')).rejects.toThrow(/my-run: already holds files: .*--resume/);
  });
});

describe('opening a run', () => {
  it('removes what a save left that was cut off', async () => {
    const folder = await leftRun();
    mkdirSync(join(folder, 'checkpoints', '.step-4.tmp'));
    (await RunFolder.open(folder)).close();
    expect(readdirSync(join(folder, 'checkpoints'))).toEqual([]);
  });

  it('refuses a folder that is no run', async () => {
    await expect(RunFolder.open(temporaryFolder())).rejects.toThrow(
      /run\.json: is missing: this is no folder of a run/,
    );
  });

  it('refuses a record of a newer version', async () => {
    const folder = await leftRun();
    editRecord(folder, (text) => text.replace('"format": 1', '"format": 9'));
    await expect(RunFolder.open(folder)).rejects.toThrow(
      /run\.json: format: was written by a newer version .*format 9/,
    );
    expect(existsSync(join(folder, RUN_LOCK))).toBe(false);
  });

  it.each([
    ['broken JSON', (): string => '{', /run\.json: must be valid JSON/],
    [
      'an unknown state',
      (text: string): string => text.replace('"created"', '"flying"'),
      /state: must be one of created, running/,
    ],
    ['an unknown field', (text: string): string => text.replace('{', '{"more": 1,'), /has no field more/],
  ])('refuses a record with %s', async (_, edit, message) => {
    const folder = await leftRun();
    editRecord(folder, edit);
    await expect(RunFolder.open(folder)).rejects.toThrow(message);
  });

  it.skipIf(process.platform === 'win32')(
    'refuses a folder that cannot be written (needs Unix permissions)',
    async () => {
      const folder = await leftRun();
      chmodSync(join(folder, '..'), 0o755);
      chmodSync(folder, 0o555);
      const isRoot = process.getuid?.() === 0;
      // Permissions do not bind root: it becomes somebody else for a moment. 65534 is `nobody`.
      if (isRoot) process.seteuid?.(65534);
      try {
        await expect(RunFolder.open(folder)).rejects.toThrow(/my-run: cannot be written \(EACCES\)/);
        await expect(RunFolder.create(join(folder, 'inner'), '')).rejects.toThrow(
          /inner: cannot be written \(EACCES\)/,
        );
      } finally {
        if (isRoot) process.seteuid?.(0);
        chmodSync(folder, 0o755);
      }
    },
  );
});

describe('the lock of a run', () => {
  it('keeps a second process out and names the first', async () => {
    const folder = await leftRun();
    const sleeper = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
    await once(sleeper, 'spawn');
    const owner = { pid: sleeper.pid!, host: hostname(), processStart: processStart(sleeper.pid!) };
    writeFileSync(join(folder, RUN_LOCK), JSON.stringify(owner));
    await expect(RunFolder.open(folder)).rejects.toThrow(`is in use by process ${sleeper.pid}`);
    sleeper.kill('SIGKILL');
    await once(sleeper, 'close');
    (await RunFolder.open(folder)).close();
  });

  it('keeps the same process out too', async () => {
    const folder = await leftRun();
    const run = await RunFolder.open(folder);
    await expect(RunFolder.open(folder)).rejects.toThrow(`is in use by process ${process.pid}`);
    run.close();
  });

  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  it.each([
    ['of a process that is gone', { pid: dead, host: hostname(), processStart: '' }],
    ['whose process number another process has now', { pid: process.ppid, host: hostname(), processStart: '1' }],
  ])('%s is taken over', async (_, owner) => {
    const folder = await leftRun();
    writeFileSync(join(folder, RUN_LOCK), JSON.stringify(owner));
    (await RunFolder.open(folder)).close();
    expect(readdirSync(folder).filter((name) => name.startsWith(RUN_LOCK))).toEqual([]);
  });

  it('that is damaged is taken over', async () => {
    const folder = await leftRun();
    writeFileSync(join(folder, RUN_LOCK), '');
    (await RunFolder.open(folder)).close();
  });

  it('of another machine counts, as its process cannot be seen', async () => {
    const folder = await leftRun();
    writeFileSync(join(folder, RUN_LOCK), JSON.stringify({ pid: dead, host: 'elsewhere', processStart: '' }));
    await expect(RunFolder.open(folder)).rejects.toThrow(`is in use by process ${dead} on elsewhere`);
  });

  it('is not released by one who has lost it', () => {
    const folder = temporaryFolder();
    const lock = acquireRunLock(folder);
    writeFileSync(join(folder, RUN_LOCK), 'of somebody else');
    lock.release();
    expect(existsSync(join(folder, RUN_LOCK))).toBe(true);
  });
});
