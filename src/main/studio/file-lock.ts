import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { codeOf, type InputError } from '../../shared/errors.ts';
import type { RunOwner } from '../../shared/run-record.ts';
import { lockOwner, processStart } from './runs/run-owner.ts';

/**
 * Takes something for this process by a file that names it. A lock whose process is gone is taken over.
 *
 * @param refusal what is told where a living process has it
 * @returns lets it go
 * @throws InputError
 */
export async function takeLock(file: string, refusal: (owner: RunOwner) => InputError): Promise<() => Promise<void>> {
  await mkdir(dirname(file), { recursive: true });
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
    if (other) throw refusal(other);
    await rm(file, { force: true });
  }
  return async () => {
    if ((await readFile(file, 'utf8').catch(() => '')) === text) await rm(file, { force: true });
  };
}
