import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { say, SetupError } from './log.mjs';

/**
 * @typedef {{ pid: number, started: string }} ProcessMark `started` tells a process from a later one that was given the same pid
 * @typedef {ProcessMark & { host: string, token: string, worker?: ProcessMark }} Holder
 *   `worker`: a child that goes on working, and must not be disturbed, even when its parent is killed
 */

const POLL_MS = 300;
const HEARTBEAT_MS = 5_000;
/** A holder on another machine (shared home folder) cannot be asked; it counts as dead when it has been silent for this long. */
const SILENT_MS = 120_000;
/** Breaking a lock takes a millisecond; whoever is still at it after this has died doing it. */
const BREAKING_MS = 10_000;
const PATIENCE_MS = 45 * 60_000;

/**
 * When a process started, as the kernel counts it; '' where the system does not say, and for a process that has ended but has not been
 * collected by its parent (in a container that may never happen).
 * @param {number} pid
 */
export function processStart(pid) {
  try {
    // The command name, in brackets, may hold spaces; after it come the state and, 19 fields on, the start time.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, '').trim().split(' ');
    return fields[0] === 'Z' ? '' : (fields[19] ?? '');
  } catch {
    return '';
  }
}

/** @param {number} pid @returns {ProcessMark} */
const markOf = (pid) => ({ pid, started: processStart(pid) });

/** @param {ProcessMark} mark */
function isRunning({ pid, started }) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EPERM') return false;
  }
  return processStart(pid) === started;
}

/**
 * Whether the process that holds a lock is gone.
 * @param {Holder} holder
 * @param {number} silentMs time since the holder last touched the lock
 */
export function isStale(holder, silentMs) {
  if (holder.host !== hostname()) return silentMs > SILENT_MS;
  return !isRunning(holder) && !(holder.worker && isRunning(holder.worker));
}

/** @param {string} file @returns {Holder | undefined} */
function readHolder(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {string} file */
function silence(file) {
  try {
    return Date.now() - statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

/**
 * Creates the lock with its content in one step, so no reader ever sees half of it.
 * @param {string} file @param {Holder} holder
 */
function tryCreate(file, holder) {
  const draft = `${file}.${holder.token}`;
  writeFileSync(draft, JSON.stringify(holder));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Takes a dead holder's lock away. Several processes may want to at once, and one of them may already hold a new lock: so one at a time,
 * and only if the lock is still the dead one's.
 * @param {string} file @param {Holder} dead
 */
function breakLock(file, dead) {
  const turn = `${file}.breaking`;
  try {
    mkdirSync(turn);
  } catch {
    if (silence(turn) > BREAKING_MS) rmSync(turn, { recursive: true, force: true });
    return;
  }
  try {
    if (readHolder(file)?.token === dead.token) rmSync(file, { force: true });
  } finally {
    rmSync(turn, { recursive: true, force: true });
  }
}

/** @param {string} file */
function touch(file) {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // The lock was deleted by hand: nothing to keep alive.
  }
}

/**
 * Runs `work` while no other process on this cache does. Waits for a living holder, takes over from a dead one.
 * @template T
 * @param {string} file
 * @param {(onWorker: (pid: number) => void) => Promise<T>} work is given a function to name the child process it has started
 * @returns {Promise<T>}
 */
export async function withLock(file, work) {
  const token = randomUUID();
  const holder = { ...markOf(process.pid), host: hostname(), token };
  await acquire(file, holder);
  const heartbeat = setInterval(() => touch(file), HEARTBEAT_MS).unref();
  /** @param {number} pid */
  const onWorker = (pid) => {
    writeFileSync(`${file}.${token}`, JSON.stringify({ ...holder, worker: markOf(pid) }));
    renameSync(`${file}.${token}`, file);
  };
  try {
    return await work(onWorker);
  } finally {
    clearInterval(heartbeat);
    if (readHolder(file)?.token === token) rmSync(file, { force: true });
  }
}

/** @param {string} file @param {Holder} holder */
async function acquire(file, holder) {
  const startedMs = performance.now();
  let told = false;
  while (!tryCreate(file, holder)) {
    const other = readHolder(file);
    if (other && isStale(other, silence(file))) {
      breakLock(file, other);
    } else if (other && !told) {
      say(`Another set-up is running (process ${other.pid} on ${other.host}); waiting for it…`);
      told = true;
    }
    if (!other && silence(file) > 2 * HEARTBEAT_MS) rmSync(file, { force: true });
    if (performance.now() - startedMs > PATIENCE_MS)
      throw new SetupError(`Gave up waiting for the other set-up. If none is running, delete ${file}.`);
    await sleep(POLL_MS);
  }
}
