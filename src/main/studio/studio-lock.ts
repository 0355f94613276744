import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { codeOf, InputError } from '../../shared/errors.ts';
import type { RunOwner } from '../../shared/run-record.ts';
import { lockOwner, processStart } from './runs/run-owner.ts';

/**
 * Takes a workspace for this process: two studios would start the same trainings.
 *
 * @param folder of the studio's files
 * @returns lets it go
 * @throws InputError naming the process that has it
 */
export async function lockStudio(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'studio.lock');
  const owner: RunOwner = { pid: process.pid, host: hostname(), processStart: processStart(process.pid) };
  const text = JSON.stringify(owner);
  for (;;) {
    try {
      await writeFile(file, text, { flag: 'wx', mode: 0o600 });
      break;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const other = await lockOwner(file);
    if (other) {
      const rule = `is open in another studio (process ${other.pid} on ${other.host})`;
      throw new InputError({ file: folder, rule, hint: 'Use that one, or end it first' });
    }
    await rm(file, { force: true });
  }
  return async () => {
    if ((await readFile(file, 'utf8').catch(() => '')) === text) await rm(file, { force: true });
  };
}
