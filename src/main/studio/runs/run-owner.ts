import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RUN_LOCK, runOwnerSchema, type RunOwner } from '../../../shared/run-record.ts';

/** When a process began, in clock ticks since boot: field 22 of /proc/<pid>/stat. Empty where the system does not say. */
export function processStart(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces: count from behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Whether the process is still there that a lock names. On another machine it cannot be seen and counts as there. */
function isThere({ host, pid, processStart: startedAt }: RunOwner): boolean {
  if (host !== hostname()) return true;
  return isAlive(pid) && (startedAt === '' || processStart(pid) === startedAt);
}

/** The living engine process that holds a run; undefined where none does. */
export function runOwner(folder: string): Promise<RunOwner | undefined> {
  return lockOwner(join(folder, RUN_LOCK));
}

/** The living process that a lock file names; undefined where there is none. */
export async function lockOwner(file: string): Promise<RunOwner | undefined> {
  try {
    const owner = runOwnerSchema.safeParse(JSON.parse(await readFile(file, 'utf8'))).data;
    return owner && isThere(owner) ? owner : undefined;
  } catch {
    return undefined;
  }
}
