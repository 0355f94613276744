import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isStale, processStart, withLock } from '../../scripts/setup/lock.mjs';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const LOCK_MODULE = fileURLToPath(new URL('../../scripts/setup/lock.mjs', import.meta.url));
const ME = { pid: process.pid, started: processStart(process.pid), host: hostname(), token: 'mine' };

/** The pid of a process that has ended. */
function deadPid(): number {
  return Number(execFileSync(process.execPath, ['-p', 'process.pid']).toString());
}

describe('isStale', () => {
  it('keeps the lock of a running process, however long it is silent', () => {
    expect(isStale(ME, 1e9)).toBe(false);
  });

  it('gives up on a process that has ended', () => {
    expect(isStale({ ...ME, pid: deadPid() }, 0)).toBe(true);
  });

  it.skipIf(process.platform !== 'linux')('is not fooled by a later process with the same pid (needs /proc)', () => {
    expect(isStale({ ...ME, started: '1' }, 0)).toBe(true);
  });

  it.skipIf(process.platform !== 'linux')('sees that an uncollected process has ended (needs /proc)', async () => {
    // The shell replaces itself by a program that never collects the child it has inherited.
    const parent = spawn('sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 20'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const pid = Number(
      await new Promise((resolve) => parent.stdout.once('data', (text: Buffer) => resolve(text.toString()))),
    );
    const holder = { ...ME, pid, started: processStart(pid) };
    expect(isStale(holder, 0)).toBe(false);
    await expect.poll(() => isStale(holder, 0)).toBe(true);
    expect(existsSync(`/proc/${String(pid)}`)).toBe(true);
    parent.kill();
  });

  it('keeps the lock while a worker of a dead holder goes on', () => {
    const dead = { ...ME, pid: deadPid() };
    expect(isStale({ ...dead, worker: ME }, 0)).toBe(false);
    expect(isStale({ ...dead, worker: dead }, 0)).toBe(true);
  });

  it('judges another machine by its silence', () => {
    const elsewhere = { ...ME, host: `not-${hostname()}`, pid: deadPid() };
    expect(isStale(elsewhere, 10_000)).toBe(false);
    expect(isStale(elsewhere, 300_000)).toBe(true);
  });
});

describe('withLock', () => {
  it('removes the lock afterwards, also when the work fails', async () => {
    const file = join(temporaryFolder(), 'lock');
    await expect(withLock(file, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(existsSync(file)).toBe(false);
    expect(await withLock(file, () => Promise.resolve(existsSync(file)))).toBe(true);
    expect(existsSync(file)).toBe(false);
  });

  it('takes over from a dead holder', async () => {
    const file = join(temporaryFolder(), 'lock');
    writeFileSync(file, JSON.stringify({ ...ME, pid: deadPid(), token: 'dead' }));
    const holder = await withLock(file, () =>
      Promise.resolve(JSON.parse(readFileSync(file, 'utf8')) as { pid: number }),
    );
    expect(holder.pid).toBe(process.pid);
  });

  it('names the worker in the lock', async () => {
    const file = join(temporaryFolder(), 'lock');
    const holder = await withLock(file, (onWorker: (pid: number) => void) => {
      onWorker(process.pid);
      return Promise.resolve(JSON.parse(readFileSync(file, 'utf8')) as { worker: { pid: number } });
    });
    expect(holder.worker.pid).toBe(process.pid);
    expect(existsSync(file)).toBe(false);
  });

  it('lets one of several processes in at a time, starting from a dead lock', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'lock');
    const log = join(folder, 'log');
    writeFileSync(file, JSON.stringify({ ...ME, pid: deadPid(), token: 'dead' }));
    const program = `
      import { appendFileSync } from 'node:fs';
      import { setTimeout as sleep } from 'node:timers/promises';
      const { withLock } = await import(${JSON.stringify(LOCK_MODULE)});
      await withLock(${JSON.stringify(file)}, async () => {
        appendFileSync(${JSON.stringify(log)}, 'in ');
        await sleep(30);
        appendFileSync(${JSON.stringify(log)}, 'out ');
      });`;
    const codes = await Promise.all(
      Array.from({ length: 4 }, () => {
        const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'ignore' });
        return new Promise((resolve) => child.on('close', resolve));
      }),
    );
    expect(codes).toEqual([0, 0, 0, 0]);
    expect(readFileSync(log, 'utf8')).toBe('in out '.repeat(4));
  });
});
