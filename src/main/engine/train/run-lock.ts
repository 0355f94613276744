import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../../../shared/errors.ts';
import { RUN_LOCK, runOwnerSchema, type RunOwner } from '../../../shared/run-record.ts';

/** Held while the process trains the run. */
export interface RunLock {
  release(): void;
}

/** When a process began, in the system's clock ticks since boot: field 22 of /proc/<pid>/stat. Empty elsewhere than Linux. */
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
    // EPERM: it is there, but another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether the process that wrote the lock is still there. On another machine it cannot be seen and counts as there. */
function isHeld(owner: RunOwner): boolean {
  if (owner.host !== hostname()) return true;
  if (!isAlive(owner.pid)) return false;
  return owner.processStart === '' || processStart(owner.pid) === owner.processStart;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The owner that a lock's text names; undefined where the text is damaged, which a crash of the system can do. */
function parseOwner(text: string): RunOwner | undefined {
  try {
    return runOwnerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Creates the lock with its content in one go; false where there is one. */
function tryCreate(file: string, text: string): boolean {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, text);
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Removes a lock whose text is `stale`, and no other one that took its place meanwhile. */
function removeStale(file: string, stale: string): void {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  // Another process was faster, and what was moved is its lock: it gets it back.
  if (readText(aside) !== stale) linkSync(aside, file);
  rmSync(aside, { force: true });
}

/**
 * Takes the lock of a run for this process. A lock whose process is gone is taken over.
 *
 * @throws InputError naming the process that holds the run
 */
export function acquireRunLock(folder: string): RunLock {
  const file = join(folder, RUN_LOCK);
  const owner: RunOwner = { pid: process.pid, host: hostname(), processStart: processStart(process.pid) };
  const text = JSON.stringify(owner);
  const release = (): void => {
    if (readText(file) === text) rmSync(file, { force: true });
  };
  for (let attempt = 0; attempt < 3; attempt++) {
    if (tryCreate(file, text)) return { release };
    const found = readText(file);
    if (found === undefined) continue;
    const other = parseOwner(found);
    if (other && isHeld(other)) break;
    removeStale(file, found);
  }
  const other = parseOwner(readText(file) ?? '');
  const rule = `is in use by process ${other?.pid ?? 'unknown'}${other && other.host !== hostname() ? ` on ${other.host}` : ''}`;
  throw new InputError({ file: folder, rule, hint: 'Stop that one first; two processes would spoil the run' });
}
